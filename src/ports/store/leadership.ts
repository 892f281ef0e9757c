/** The part of the store that records the managers, and decides which of them works on the containers. */

/** Which manager leads, as the database has it. */
export interface LeaderTerm {
  /** `own`: this store's manager; `none`: the last leader left or died. */
  readonly leader: 'own' | 'other' | 'none'
  /** Raised by each take-over. */
  readonly term: number
  /** Raised by each renewal and take-over: while it rises, the leader lives. */
  readonly renewals: number
  /** Migrations of the database that this version does not know: a newer manager has applied them. */
  readonly newerMigrations: readonly string[]
}

/** What a manager publishes about itself at each renewal of its row. Times are epoch milliseconds of the database. */
export interface Heartbeat {
  readonly version: string
  readonly startedAt: number
  readonly seenAt: number
  /** The manager counts as dead after this time, unless it renews its row. */
  readonly until: number
  /** How far the clock of its machine is ahead of the database's, in milliseconds. */
  readonly clockOffset: number
}

export interface ManagerRecord extends Heartbeat {
  /** A UUID, different for each start. */
  readonly name: string
  /** Host and address at which it serves. */
  readonly address: string
  readonly leads: boolean
  /** Whether it is this store's manager. */
  readonly isOwn: boolean
}

/** Part of `Store`, whose rules for verbs apply here. */
export interface LeadershipStore {
  /**
   * Registers this store's manager, once it serves at its address: an earlier manager there has died. Releases the
   * leadership of managers that are not registered, and their preparations, which can be resumed at once. What a
   * registered manager prepares is its own until `prepareBy`. Without a heartbeat the manager is not listed, and counts
   * as dead only when another manager registers at its address.
   */
  registerManager(heartbeat?: Heartbeat): Promise<void>
  /** Renews the row of this store's manager. Where the database allows that, it waits for no other writer. */
  renewManager(heartbeat: Heartbeat): Promise<void>
  /** Removes this store's manager, which stops. Its unfinished preparations can be resumed at once. */
  unregisterManager(): Promise<void>
  /** Returns the managers that renew their rows, including dead managers, in the order in which they started. */
  managers(): Promise<ManagerRecord[]>
  /** Releases the preparations of dead managers, which can be resumed at once. Returns whether there were any. */
  releasePreparations(now: number): Promise<boolean>
  /** Deletes the rows of managers that died before this time. */
  forgetManagers(before: number): Promise<void>
  /** Returns which manager works on the containers. */
  leaderTerm(): Promise<LeaderTerm>
  /**
   * Renews the leadership of this store's manager, or takes it over in a new term. Returns false when the state is not
   * `seen` any more: another manager was faster. A take-over from a manager that has not released the leadership
   * retires the containers that are being created: that manager may still be working in them.
   */
  acquireLeadership(seen: LeaderTerm, now: number): Promise<boolean>
  /** Leaves the leadership to the next manager that asks, if this store's manager has it. */
  releaseLeadership(): Promise<void>
  /** Returns the time of the database's own clock; null if that is the clock of this machine. */
  databaseTime(): Promise<number | null>
}
