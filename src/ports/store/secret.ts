/** The part of the store by which managers on several machines notice that their secrets differ. */
export interface SecretStore {
  /** Returns the check of the secret that the managers share; null before one was recorded. */
  secretCheck(): Promise<string | null>
  /** Records this check unless there is one. Returns the one that is recorded. */
  recordSecretCheck(check: string): Promise<string>
}
