/** Tells the loops of the manager when there is something to do. */
export interface Schedule {
  /** Requests a tick soon, because something has changed. */
  nudge(): void
  /** Requests a tick at this time, in epoch milliseconds, for something that is due then. */
  expect(at: number): void
}
