/** What a use case must know of the engine before it relies on it. */
export interface EngineStatus {
  /** Returns why the engine cannot be used at the moment; null when it can. */
  problem(): string | null
  /**
   * Resolves after the first listing of the engine, even when that failed. Before it no container is lent and no
   * access is revoked: the database may be a copy.
   */
  firstListing(): Promise<void>
}
