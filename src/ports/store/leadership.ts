/** The part of the store that decides which of several managers works on the containers. */

/** Which manager leads, as the database has it. */
export interface LeaderTerm {
  /** `own`: this store's manager; `none`: the last leader left or died. */
  readonly leader: 'own' | 'other' | 'none'
  /** Raised by each take-over. */
  readonly term: number
  /** Raised by each renewal and take-over: while it rises, the leader lives. */
  readonly renewals: number
}

/** Part of `Store`, whose rules for verbs apply here. */
export interface LeadershipStore {
  /**
   * Registers this store's manager, once it serves at its address: an earlier manager there has died. Releases the
   * leadership of managers that are not registered, and their preparations, which can be resumed at once. What a
   * registered manager prepares is its own until `prepareBy`.
   */
  registerManager(): Promise<void>
  /** Returns which manager works on the containers. */
  leaderTerm(): Promise<LeaderTerm>
  /**
   * Renews the leadership of this store's manager, or takes it over in a new term. Returns false when the state is not
   * `seen` any more: another manager was faster.
   */
  acquireLeadership(seen: LeaderTerm): Promise<boolean>
  /** Leaves the leadership to the next manager that asks, if this store's manager has it. */
  releaseLeadership(): Promise<void>
}
