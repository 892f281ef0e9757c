/** The part of the store by which managers on several machines notice that their secrets differ. */
export interface SecretStore {
  /** Returns the check of the secret that the managers share, a digest of it; null until a manager records it. */
  secretCheck(): Promise<string | null>
  /** Records this check unless there is a recorded one. Returns the recorded check. */
  recordSecretCheck(check: string): Promise<string>
}
