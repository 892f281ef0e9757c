/** The password of a reservation: the caller's own, a generated one, or none. */
import { randomInt } from 'node:crypto'
import type { IdempotentRequest } from './idempotency.ts'

/** Without characters that are easily confused. 20 of them hold 115 bits. */
const ALPHABET = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'
const LENGTH = 20

interface Password {
  /** null: by SSH key only. */
  readonly text: string | null
  /**
   * True for 115 random bits, which need fewer rounds of hashing. One that is derived from an Idempotency-Key is only
   * as good as the key, so it is hashed like a chosen password.
   */
  readonly isRandom: boolean
  /**
   * Returns the generated password to show, of this request or of the earlier one with `salt`; null if none was
   * generated.
   */
  shown(salt?: string): string | null
}

interface PasswordRequest {
  /** null: by SSH key only. undefined: generated, unless there are SSH keys. */
  readonly password?: string | null | undefined
  readonly sshKeys?: readonly string[] | undefined
  readonly idempotency?: IdempotentRequest | undefined
}

export function passwordFor({ password, sshKeys = [], idempotency }: PasswordRequest): Password {
  if (password !== undefined || sshKeys.length > 0) {
    return { text: password ?? null, isRandom: false, shown: () => null }
  }
  if (!idempotency) {
    const text = randomPassword()
    return { text, isRandom: true, shown: () => text }
  }
  const shown = (salt = idempotency.key.salt) => spell(idempotency.digestOf(salt))
  return { text: shown(), isRandom: false, shown }
}

function randomPassword(): string {
  return Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
}

/** Writes bytes as a number in the alphabet. 256 bits for 115: no password is noticeably more likely than another. */
function spell(bytes: Buffer): string {
  let rest = BigInt(`0x${bytes.toString('hex')}`)
  const base = BigInt(ALPHABET.length)
  return Array.from({ length: LENGTH }, () => {
    const letter = ALPHABET[Number(rest % base)]
    rest /= base
    return letter
  }).join('')
}
