/** Rows for people: columns as wide as they need to be. */
import { printable } from './terminal.ts'

export interface Column<Row> {
  readonly title: string
  readonly of: (row: Row) => string
  readonly align?: 'right'
  /** Applied to the text and its padding, so that colours do not disturb the widths. */
  readonly paint?: (text: string, row: Row) => string
}

const GAP = '  '

/** Lines, the titles first. A line that is longer than `width` is cut in its last column. */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { width, title }: { width: number; title: (text: string) => string },
): string[] {
  const cells = rows.map((row) => columns.map((column) => printable(column.of(row))))
  const widths = columns.map((column, i) => Math.max(column.title.length, ...cells.map((line) => line[i]?.length ?? 0)))
  const before = widths.slice(0, -1).reduce((sum, each) => sum + each + GAP.length, 0)
  const lay = (texts: readonly string[], paint: (text: string, index: number) => string) =>
    texts
      .map((text, index) => {
        const last = index === columns.length - 1
        const wide = widths[index] ?? 0
        const shown = last ? cut(text, Math.max(8, width - before)) : text
        const filled = columns[index]?.align === 'right' ? shown.padStart(wide) : last ? shown : shown.padEnd(wide)
        return paint(filled, index)
      })
      .join(GAP)
      .trimEnd()
  const head = lay(
    columns.map((column) => column.title),
    (text) => title(text),
  )
  return [
    head,
    ...rows.map((row, number) => lay(cells[number] ?? [], (text, index) => columns[index]?.paint?.(text, row) ?? text)),
  ]
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`
}
