/** Requests that are sent again with the same Idempotency-Key, and passwords that are the same again then. */
import { createHash, createHmac, randomBytes, randomInt } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { invalidRequest } from '../core/errors.ts'
import type { RequestKey } from '../core/store.ts'

/** Without those that are mistaken for one another. 20 of them hold 115 bits. */
const ALPHABET = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'
const LENGTH = 20

/** A request that can be told from others. */
export interface Repeatable {
  readonly key: RequestKey
  /** The password that is generated for it: from the same key and salt, the same one again. */
  passwordOf(salt: string): string
}

/** null without an Idempotency-Key. `invalid_request` for one that is not 1 to 255 visible ASCII characters. */
export function repeatable(headers: IncomingHttpHeaders, body: unknown): Repeatable | null {
  const sent = headers['idempotency-key']
  if (sent === undefined) return null
  if (typeof sent !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(sent)) {
    throw invalidRequest([
      { path: 'Idempotency-Key', message: 'must be 1 to 255 visible ASCII characters, like a UUID' },
    ])
  }
  // The body may hold a password: keyed with what we do not keep, its hash cannot be tried out.
  const mac = (text: string) => createHmac('sha256', sent).update(text)
  return {
    key: {
      key: createHash('sha256').update(sent).digest('hex'),
      body: mac(`body ${canonical(body)}`).digest('hex'),
      salt: randomBytes(16).toString('hex'),
    },
    passwordOf: (salt) => spell(mac(`password ${salt}`).digest()),
  }
}

export function randomPassword(): string {
  return Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
}

/** The digits of the bytes, as a number, in our alphabet. 256 bits over 115: none is noticeably more frequent. */
function spell(bytes: Buffer): string {
  let rest = BigInt(`0x${bytes.toString('hex')}`)
  const base = BigInt(ALPHABET.length)
  return Array.from({ length: LENGTH }, () => {
    const letter = ALPHABET[Number(rest % base)]
    rest /= base
    return letter
  }).join('')
}

/** JSON with sorted keys: the same request, however its client orders it. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join()}}`
}
