/** The Unix user that a reservation gets inside its containers. */
export interface Account {
  readonly username: string
  /** SHA-512 crypt ("$6$…"), or null for key logins only. */
  readonly passwordHash: string | null
  /** Lines for authorized_keys. */
  readonly sshKeys: readonly string[]
  readonly sudo: boolean
}
