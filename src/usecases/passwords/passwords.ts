/** The password of a reservation: the caller's own, a generated one, or none. */
import { randomBytes } from 'node:crypto'
import type { IdempotentRequest } from '../idempotency.ts'
import { wordList } from './word-list.ts'

/** `random`: 20 characters, to be copied. `words`: four words, to be typed. */
export const PASSWORD_STYLES = ['random', 'words'] as const

export type PasswordStyle = (typeof PASSWORD_STYLES)[number]

/** Without characters that are easily confused. 20 of them hold 115 bits. */
const ALPHABET = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'
const LENGTH = 20

/** Four of 2,048 words hold 44 bits: enough against guesses at sshd, not against a stolen hash of few rounds. */
const WORDS = 4

interface Password {
  /** null: by SSH key only. */
  readonly text: string | null
  /**
   * True for 115 random bits, which need fewer rounds of hashing. Words hold less. A password that is derived from an
   * Idempotency-Key is only as good as the key. Both are hashed like a chosen password.
   */
  readonly isRandom: boolean
  /**
   * Returns the generated password to show, of this request or of the earlier one with `salt`; null if none was
   * generated.
   */
  shown(salt?: string): string | null
}

export interface PasswordRequest {
  /** null: by SSH key only. undefined: generated, unless there are SSH keys and no style. */
  readonly password?: string | null | undefined
  /** How to generate the password, also beside SSH keys. Not with `password`. */
  readonly passwordStyle?: PasswordStyle | undefined
  readonly sshKeys?: readonly string[] | undefined
  readonly idempotency?: IdempotentRequest | undefined
}

/** Returns why password and style exclude each other, in words that follow "password_style"; null if they do not. */
export function passwordStyleProblem({ password, passwordStyle }: PasswordRequest): string | null {
  const both = typeof password === 'string' && passwordStyle !== undefined
  return both ? 'is for generated passwords; leave out password, or password_style' : null
}

export function passwordFor({ password, passwordStyle, sshKeys = [], idempotency }: PasswordRequest): Password {
  const isGenerated = password === undefined && (sshKeys.length === 0 || passwordStyle !== undefined)
  if (!isGenerated) return { text: password ?? null, isRandom: false, shown: () => null }
  const spell = passwordStyle === 'words' ? spellWords : spellCharacters
  if (!idempotency) {
    const text = spell(randomBytes(32))
    return { text, isRandom: passwordStyle !== 'words', shown: () => text }
  }
  const shown = (salt = idempotency.key.salt) => spell(idempotency.digestOf(salt))
  return { text: shown(), isRandom: false, shown }
}

function spellCharacters(bytes: Buffer): string {
  return digits(bytes, ALPHABET.length, LENGTH)
    .map((digit) => ALPHABET[digit])
    .join('')
}

function spellWords(bytes: Buffer): string {
  const list = wordList()
  return digits(bytes, list.length, WORDS)
    .map((digit) => list[digit])
    .join('-')
}

/** Returns the lowest digits of a number in this base. With 256 bits for 115, none is noticeably more likely. */
function digits(bytes: Buffer, base: number, count: number): number[] {
  let rest = BigInt(`0x${bytes.toString('hex')}`)
  return Array.from({ length: count }, () => {
    const digit = Number(rest % BigInt(base))
    rest /= BigInt(base)
    return digit
  })
}
