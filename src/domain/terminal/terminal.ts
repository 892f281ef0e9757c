/** Terminals: shells in reserved containers that the manager keeps for viewers, who come and go. */

/** Size of a terminal in characters. */
export interface TerminalSize {
  readonly cols: number
  readonly rows: number
}

/** Bounds of `cols` and `rows`. With other sizes, programs fail or take much memory. */
export const MIN_SIZE = 1
export const MAX_SIZE = 1_000

export function isTerminalSize({ cols, rows }: { readonly cols: unknown; readonly rows: unknown }): boolean {
  const isInRange = (value: unknown) =>
    Number.isInteger(value) && Number(value) >= MIN_SIZE && Number(value) <= MAX_SIZE
  return isInRange(cols) && isInRange(rows)
}

/** Row of a terminal, with which the next manager finds the shell. */
export interface Terminal {
  readonly id: string
  /** Id of the reservation. */
  readonly reservation: string
  readonly container: string
  readonly generation: number
  /** Whether the shell survives a restart of the manager. */
  readonly persistent: boolean
  /** Epoch milliseconds. */
  readonly createdAt: number
  /** Last time at which a viewer was recorded, or at which it was opened; epoch milliseconds. */
  readonly viewedAt: number
}
