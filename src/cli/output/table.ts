/** Rows for people, in columns as wide as their contents. */
import { forTerminal } from '../../domain/text/foreign-text.ts'

export interface Column<Row> {
  readonly title: string
  readonly of: (row: Row) => string
  readonly align?: 'right'
  /** Applied to the text and its padding, so that colours do not change the widths. */
  readonly paint?: (text: string, row: Row) => string
}

const GAP = '  '
const MIN_LAST_COLUMN = 8

/** Returns lines, the titles first. The last column is cut where a line would exceed `width`. */
export function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { width, paintTitle }: { width: number; paintTitle: (text: string) => string },
): string[] {
  const titles = columns.map((column) => column.title)
  const cells = rows.map((row) => columns.map((column) => forTerminal(column.of(row))))
  const widths = titles.map((title, index) => Math.max(title.length, ...cells.map((line) => line[index]?.length ?? 0)))
  const before = widths.slice(0, -1).reduce((sum, each) => sum + each + GAP.length, 0)
  const lineOf = (texts: readonly string[], paint: (text: string, column: Column<Row>) => string) =>
    columns
      .map((column, index) => {
        const isLast = index === columns.length - 1
        const text = isLast ? cut(texts[index] ?? '', Math.max(MIN_LAST_COLUMN, width - before)) : (texts[index] ?? '')
        const columnWidth = isLast && column.align !== 'right' ? 0 : (widths[index] ?? 0)
        return paint(column.align === 'right' ? text.padStart(columnWidth) : text.padEnd(columnWidth), column)
      })
      .join(GAP)
      .trimEnd()
  return [
    lineOf(titles, paintTitle),
    ...rows.map((row, index) => lineOf(cells[index] ?? [], (text, { paint }) => paint?.(text, row) ?? text)),
  ]
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`
}
