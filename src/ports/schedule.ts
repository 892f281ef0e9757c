/** Tells the loops of the manager when there is something to do. */
export interface Schedule {
  /** Something has changed that must be reconciled soon. */
  nudge(): void
  /** Something is due at this time, in epoch milliseconds, and nothing earlier. */
  expect(at: number): void
}
