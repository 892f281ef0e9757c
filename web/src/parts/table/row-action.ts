import type { ComponentType } from 'react'

/** What can be done with a row of a table. */
export interface RowAction {
  /** A verb: "Release …". Three dots if it asks first. */
  readonly label: string
  /** Shown in the row instead of the label, which is then its accessible name. A menu shows the label. */
  readonly icon?: ComponentType<{ size: number; 'aria-hidden': true }>
  /** A letter that does it at the row that has the focus. */
  readonly key?: string
  /** Why it cannot be done now, in words. The button stays, and says so. */
  readonly refusal?: string | null
  readonly act: () => void
}

/** What can be done with all selected rows. */
export interface BulkAction<Row> {
  readonly label: string
  readonly act: (rows: readonly Row[]) => void
}
