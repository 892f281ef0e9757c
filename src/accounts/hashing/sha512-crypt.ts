/**
 * SHA-512 crypt ("$6$"), Ulrich Drepper's specification (https://www.akkadia.org/drepper/SHA-crypt.txt), in which the
 * numbered steps below are explained.
 *
 * Implemented here because unixcrypt 3.0.4, the only maintained package on npm, returns a wrong hash for passwords of
 * exactly 64 or 128 bytes, so that their owners could never log in. `openssl passwd` would cost a process.
 */
import { hash, randomBytes } from 'node:crypto'

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** The default of crypt(3). More rounds make guesses at a chosen password more expensive. */
const ROUNDS = 5000
/** The minimum of crypt(3), for passwords of 115 random bits, which cannot be guessed. */
const ROUNDS_IF_RANDOM = 1000
const NOTHING = Buffer.alloc(0)

export interface Secret {
  readonly password: string
  /** Whether it was generated from random bytes. Its hash is five times as fast, here and at each login. */
  readonly random: boolean
}

/** Hashes with a random salt of 16 characters (96 bits). `hashing.ts` runs this function in threads. */
export function hashSecret({ password, random }: Secret): string {
  return sha512crypt(password, randomSalt(), random ? ROUNDS_IF_RANDOM : ROUNDS)
}

function randomSalt(): string {
  return Array.from(randomBytes(16), (byte) => ALPHABET[byte % 64]).join('')
}

/** Hashes the password's UTF-8 bytes. `salt` has at most 16 characters of `./0-9A-Za-z`. */
export function sha512crypt(password: string, salt: string, rounds = ROUNDS): string {
  const key = Buffer.from(password, 'utf8')
  const saltBytes = Buffer.from(salt, 'ascii')

  const b = sha512(key, saltBytes, key) // 4–8
  const a = sha512(key, saltBytes, fill(b, key.length), ...bitsOf(key.length).map((bit) => (bit ? b : key))) // 1–12
  const p = fill(sha512(...Array<Buffer>(key.length).fill(key)), key.length) // 13–16
  const s = fill(sha512(...Array<Buffer>(16 + a.readUInt8(0)).fill(saltBytes)), saltBytes.length) // 17–20

  // Between rounds a digest is a string with one byte per character ("latin1" and "binary" are the same encoding). A
  // Buffer for each round would triple the time.
  const nextOf = inputsOf(p, s)
  let c = a.toString('latin1')
  for (let round = 0; round < rounds; round++) c = hash('sha512', nextOf(round, c), 'binary') // 21
  const cost = rounds === ROUNDS ? '' : `rounds=${rounds}$`
  return `$6$${cost}${salt}$${encode(Buffer.from(c, 'latin1'))}`
}

/**
 * Step 21. Returns a function from a round's number and the previous digest to the round's input. An input has eight
 * forms, in which only the digest changes: each is built once, and the digest is written into it.
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

/** Repeats the digest up to `length` bytes. */
function fill(digest: Buffer, length: number): Buffer {
  return Buffer.alloc(length, digest)
}

/** Returns the bits of a positive number, lowest first. */
function bitsOf(value: number): boolean[] {
  return Array.from(value.toString(2), (digit) => digit === '1').toReversed()
}

/** Step 22: encodes three bytes, a third of the digest apart and in rotating order, as four characters. */
function encode(digest: Buffer): string {
  let text = ''
  for (let i = 0; i < 21; i++) {
    const bits = [0, 21, 42].reduce((sum, third) => (sum << 8) | digest.readUInt8(((third + 21 * i) % 63) + i), 0)
    text += characters(bits, 4)
  }
  return text + characters(digest.readUInt8(63), 2)
}

/** Encodes six bits per character, lowest first. */
function characters(bits: number, count: number): string {
  return Array.from({ length: count }, (_, i) => ALPHABET[(bits >> (6 * i)) & 63]).join('')
}
