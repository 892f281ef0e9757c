/** The part of the store in which managers add up their counts of requests. */

/** Requests of one client in a minute. */
export interface RequestCount {
  /** Identity or address of the client. */
  readonly key: string
  /** Start of the minute, in epoch milliseconds. */
  readonly began: number
  readonly count: number
}

export interface RequestCountStore {
  /**
   * Adds these counts to those of other managers. Returns the sums in the same order, with the start of the minute in
   * which all managers count. Removes counts of earlier minutes.
   */
  addRequestCounts(counts: readonly RequestCount[], windowMs: number): Promise<readonly RequestCount[]>
}
