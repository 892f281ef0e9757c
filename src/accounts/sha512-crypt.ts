/**
 * SHA-512 crypt ("$6$"), Ulrich Drepper's specification (https://www.akkadia.org/drepper/SHA-crypt.txt), in which the
 * numbered steps below are explained.
 *
 * Our own, on node:crypto: of the packages on npm the maintained one (unixcrypt 3.0.4) gives a wrong hash for passwords
 * of exactly 64 or 128 bytes, so that their owners could never log in. And not `openssl passwd`: one process less.
 */
import { hash, randomBytes } from 'node:crypto'

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** What crypt(3) takes when nothing is said: a guess at a password that somebody chose costs an attacker as much. */
const ROUNDS = 5000
/** The fewest that crypt(3) takes: nobody guesses 115 random bits, at whatever cost. */
const ROUNDS_IF_RANDOM = 1000
const NOTHING = Buffer.alloc(0)

export interface Secret {
  readonly password: string
  /** Whether we made it of random bytes; a hash is five times as fast then, here and at each login. */
  readonly random: boolean
}

/** With a random salt of 16 characters (96 bits). The function that `hashing.ts` runs in threads. */
export function hashSecret({ password, random }: Secret): string {
  return sha512crypt(password, randomSalt(), random ? ROUNDS_IF_RANDOM : ROUNDS)
}

function randomSalt(): string {
  return Array.from(randomBytes(16), (byte) => alphabet[byte % 64]).join('')
}

/** Of the password's UTF-8 bytes. `salt` holds at most 16 characters of `./0-9A-Za-z`. */
export function sha512crypt(password: string, salt: string, rounds = ROUNDS): string {
  const key = Buffer.from(password, 'utf8')
  const seed = Buffer.from(salt, 'ascii')

  const b = sha512(key, seed, key) // 4–8
  const a = sha512(key, seed, fill(b, key.length), ...bitsOf(key.length).map((bit) => (bit ? b : key))) // 1–12
  const p = fill(sha512(...Array<Buffer>(key.length).fill(key)), key.length) // 13–16
  const s = fill(sha512(...Array<Buffer>(16 + a.readUInt8(0)).fill(seed)), seed.length) // 17–20

  // Between rounds a digest is a string with a byte in each character ("latin1" and "binary" are one encoding): with a
  // Buffer for each, all takes three times as long.
  const nextOf = inputsOf(p, s)
  let c = a.toString('latin1')
  for (let round = 0; round < rounds; round++) c = hash('sha512', nextOf(round, c), 'binary') // 21
  const cost = rounds === ROUNDS ? '' : `rounds=${rounds}$`
  return `$6$${cost}${salt}$${encode(Buffer.from(c, 'latin1'))}`
}

/**
 * 21: what is hashed in a round, of the round's number and of the digest of the one before. There are but eight forms of it,
 * which differ from round to round in that digest alone: each is put together once, and the digest written into it.
 */
function inputsOf(p: Buffer, s: Buffer): (round: number, digest: string) => Buffer {
  const forms = Array.from({ length: 8 }, (_, form) => {
    const [odd, third, seventh] = [form & 1, form & 2, form & 4]
    const digest = Buffer.alloc(64)
    const input = Buffer.concat([odd ? p : digest, third ? s : NOTHING, seventh ? p : NOTHING, odd ? digest : p])
    return { input, at: odd ? input.length - digest.length : 0 }
  })
  return (round, digest) => {
    const form = forms[(round % 2) | (round % 3 ? 2 : 0) | (round % 7 ? 4 : 0)]
    if (!form) throw new Error('there are eight forms')
    form.input.write(digest, form.at, 'latin1')
    return form.input
  }
}

function sha512(...parts: Buffer[]): Buffer {
  return hash('sha512', Buffer.concat(parts), 'buffer')
}

/** The digest repeated up to `length` bytes. */
function fill(digest: Buffer, length: number): Buffer {
  return Buffer.alloc(length, digest)
}

/** The bits of a positive number, lowest first. */
function bitsOf(value: number): boolean[] {
  return Array.from(value.toString(2), (digit) => digit === '1').toReversed()
}

/** 22: three bytes, a third of the digest apart and each time another of them first, become four characters. */
function encode(digest: Buffer): string {
  let text = ''
  for (let i = 0; i < 21; i++) {
    const bits = [0, 21, 42].reduce((sum, third) => (sum << 8) | digest.readUInt8(((third + 21 * i) % 63) + i), 0)
    text += characters(bits, 4)
  }
  return text + characters(digest.readUInt8(63), 2)
}

/** Six bits each, lowest first. */
function characters(bits: number, count: number): string {
  return Array.from({ length: count }, (_, i) => alphabet[(bits >> (6 * i)) & 63]).join('')
}
