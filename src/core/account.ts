/** The Unix user that a reservation gets inside its containers. */
export interface Account {
  readonly username: string
  /** SHA-512 crypt ("$6$…"), or null for key logins only. */
  readonly passwordHash: string | null
  /** Lines for authorized_keys. */
  readonly sshKeys: readonly string[]
  readonly sudo: boolean
  /** What it reads after logging in; ends with a line feed. */
  readonly motd: string
}

const LONGEST_PASSWORD = 128
/** In UTF-8. crypt(3) of musl, and so Alpine, takes no more (KEY_MAX); PAM takes 511 bytes. */
const LONGEST_PASSWORD_BYTES = 256

/** POSIX.1-2024, 3.426 User Name: the portable filename characters, no leading hyphen; here it begins with a letter or "_". */
const USERNAME = /^[A-Za-z_][A-Za-z0-9._-]{0,31}$/

/** Of whoever reserves by the seed's GET and says none. */
export const DEFAULT_PASSWORD = 'test'

/**
 * Holds a place in a container's files for whoever comes first, see `Accounts.survey`; nobody else can have that name. As
 * short as a name can be: with another one in its place no file gets shorter.
 */
export const PLACEHOLDER = '_'

/** Names that no image lends out, for the time before the first container has told its own. */
const NEVER = new Set([
  PLACEHOLDER,
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

/** Why a username cannot be used, in words that follow "username"; null when it can. */
export function usernameProblem(username: string, taken: readonly string[]): string | null {
  if (!USERNAME.test(username)) {
    return 'must be 1 to 32 of the characters A-Z a-z 0-9 . _ - and begin with a letter or "_"'
  }
  if (NEVER.has(username) || taken.includes(username)) return `"${username}" belongs to the image; choose another name`
  return null
}

/** Types that OpenSSH knows, then base64, then a comment. Options before the type ("command=…") are not for tenants. */
const SSH_KEY =
  /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) [A-Za-z0-9+/]{16,8000}={0,3}( [^\p{Cc}]{0,200})?$/u

/** Why a line cannot be an authorized key, in words that follow "ssh_keys[0]"; null when it can. */
export function sshKeyProblem(key: string): string | null {
  if (SSH_KEY.test(key)) return null
  return 'must be one line of a public key file, such as "ssh-ed25519 AAAA… alice@laptop", without options'
}

/** Why a password cannot be used, in words that follow "password"; null when it can. */
export function passwordProblem(password: string): string | null {
  if (password === '') return 'must not be empty'
  if (Array.from(password).length > LONGEST_PASSWORD) return `must not be longer than ${LONGEST_PASSWORD} characters`
  if (Buffer.byteLength(password) > LONGEST_PASSWORD_BYTES)
    return `must not be longer than ${LONGEST_PASSWORD_BYTES} bytes in UTF-8`
  if (/\p{Cc}/u.test(password)) return 'must not contain control characters'
  // A lone half of a surrogate pair has no UTF-8 form, so what is typed at the prompt could never match.
  if (/\p{Cs}/u.test(password)) return 'must be valid Unicode'
  return null
}
