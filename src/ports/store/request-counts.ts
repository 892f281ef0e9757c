/** The part of the store with which managers count requests together. */

/** Requests of one client in a minute. */
export interface RequestCount {
  /** Identity or address. */
  readonly key: string
  /** Start of the minute; epoch milliseconds. */
  readonly began: number
  readonly count: number
}

export interface RequestCountStore {
  /**
   * Adds these counts to those of other managers. Returns the sums, with the start of the minute that all managers
   * count in. Removes counts of earlier minutes.
   */
  addRequestCounts(counts: readonly RequestCount[], windowMs: number): Promise<readonly RequestCount[]>
}
