import { gotText } from './text/got.ts'

/** The Unix user that a reservation gets inside its containers. */
export interface Account {
  readonly username: string
  /** SHA-512 crypt ("$6$…"), or null for key logins only. */
  readonly passwordHash: string | null
  /** Lines for authorized_keys. */
  readonly sshKeys: readonly string[]
  readonly sudo: boolean
  /** Shown after login; ends with a line feed. */
  readonly motd: string
  /** For the file that the session commands read; empty: the file stays as it is. */
  readonly session: string
}

const MAX_PASSWORD_CHARACTERS = 128
/** In UTF-8. The maximum of crypt(3) in musl, and so in Alpine (KEY_MAX); PAM accepts 511 bytes. */
const MAX_PASSWORD_BYTES = 256

/** User names as in POSIX.1-2024, 3.426, except that they begin with a letter or "_". */
const USERNAME = /^[A-Za-z_][A-Za-z0-9._-]{0,31}$/

/**
 * Password of a reserve over the simple API that gives none, while the containers are reachable only from this
 * machine.
 */
export const DEFAULT_PASSWORD = 'test'

/**
 * Name of the placeholder user, which a reserve renames; see `accounts/account.sh`. No tenant can have it. One
 * character long, so that a rename never shortens a file.
 */
export const PLACEHOLDER = '_'

/** User of the trial login in a new container (see `accounts/readiness/rehearsal.ts`). No tenant can have this name. */
export const REHEARSAL_USER = 'berth-check'

/** Names that are reserved before the names of the image are known. */
const RESERVED_NAMES = new Set([
  PLACEHOLDER,
  REHEARSAL_USER,
  'root',
  'daemon',
  'bin',
  'sys',
  'sync',
  'mail',
  'nobody',
  'nogroup',
  'sshd',
  'sudo',
  'users',
])

/** Returns whether a text has the format of a username. */
export function isUsername(text: string): boolean {
  return USERNAME.test(text)
}

/** Returns why a username cannot be used, in words that follow "username"; null if it can. */
export function usernameProblem(username: string, taken: readonly string[]): string | null {
  if (!isUsername(username)) {
    const rule = 'must be 1 to 32 of the characters A-Z a-z 0-9 . _ - and begin with a letter or "_"'
    const like = likeAUsername(username)
    return `${rule}${like === null ? '' : `, like "${like}"`}${gotText(username)}`
  }
  if (RESERVED_NAMES.has(username) || taken.includes(username))
    return `"${username}" belongs to the image; choose another name`
  return null
}

/** "chloé" -> "chloe", "Tim O'Neil" -> "Tim-O-Neil"; null if too little is left. */
function likeAUsername(text: string): string | null {
  const plain = text.normalize('NFD').replace(/\p{M}/gu, '')
  const like = plain.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z_]+|-+$/g, '')
  return isUsername(like) ? like : null
}

/** Returns why a password cannot be used, in words that follow "password"; null if it can. */
export function passwordProblem(password: string): string | null {
  if (password === '') return 'must not be empty'
  if (Array.from(password).length > MAX_PASSWORD_CHARACTERS)
    return `must not be longer than ${MAX_PASSWORD_CHARACTERS} characters`
  if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES)
    return `must not be longer than ${MAX_PASSWORD_BYTES} bytes in UTF-8`
  if (/\p{Cc}/u.test(password)) return 'must not contain control characters'
  // An unpaired surrogate has no UTF-8 form, so no input at a prompt could ever match.
  if (/\p{Cs}/u.test(password)) return 'must be valid Unicode'
  return null
}
