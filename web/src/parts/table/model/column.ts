/** What a table shows of its rows. */
import type { ReactNode } from 'react'

/**
 * What rows are sorted by. Numbers sort by size, texts by locale with numbers inside ("p-2" before "p-10"), null last.
 */
export type SortKey = string | number | null

export interface Column<Row> {
  /** In the URL, as `sort=KEY` and `KEY=VALUE`. Unique in the table. */
  readonly key: string
  readonly label: string
  readonly sortKey: (row: Row) => SortKey
  /** What the filter box searches in, and what is filtered by; the sort key if left out. */
  readonly text?: (row: Row) => string
  /** `true` offers a filter with the values that occur, such as the pools. `page`: the page filters by it itself. */
  readonly filter?: true | 'page'
  readonly cell: (row: Row) => ReactNode
  readonly align?: 'right'
  /** CSS width of the column, such as "16ch". Columns without one share the rest. */
  readonly width?: string
  /**
   * Shown only in cards and in windows of more than 1440 px, or of 1200 px and more (`medium`). The filter box searches
   * in it nevertheless.
   */
  readonly wide?: true | 'medium'
  /** Number of columns that the cell takes, from this one on, because the next ones are empty. 1 if left out. */
  readonly span?: (row: Row) => number
}

/** Returns the columns that have a cell in this row, with the number of columns that the cell takes. */
export function spansOf<Row, Of extends Pick<Column<Row>, 'span'>>(
  columns: readonly Of[],
  row: Row,
): { readonly column: Of; readonly span: number }[] {
  let covered = 0
  return columns.flatMap((column) => {
    if (covered-- > 0) return []
    const span = column.span?.(row) ?? 1
    covered = span - 1
    return [{ column, span }]
  })
}

/** Returns the text of a row in a column. */
export function textOf<Row>(column: Pick<Column<Row>, 'text' | 'sortKey'>, row: Row): string {
  return column.text?.(row) ?? String(column.sortKey(row) ?? '')
}
