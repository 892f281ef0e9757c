/** Which rows a table shows, and in which order. */
import { type Column, type SortKey, textOf } from './column.ts'
import type { Order, TableState } from './table-state.ts'

type Sortable<Row> = Pick<Column<Row>, 'key' | 'text' | 'sortKey'>

/** Returns the rows that match, in order. Rows that are equal in it, or all without one, keep their given order. */
export function visibleRows<Row>(
  rows: readonly Row[],
  columns: readonly Sortable<Row>[],
  { words, filters, order }: TableState,
): Row[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean)
  const filtered = columns.flatMap((column) => {
    const values = filters[column.key]
    return values ? [{ column, values }] : []
  })
  const matching = rows.filter(
    (row) =>
      filtered.every(({ column, values }) => values.includes(textOf(column, row))) && hasWords(row, columns, wanted),
  )
  return sorted(matching, columns, order)
}

function hasWords<Row>(row: Row, columns: readonly Sortable<Row>[], wanted: readonly string[]): boolean {
  if (wanted.length === 0) return true
  const text = columns.map((column) => textOf(column, row).toLowerCase()).join('\n')
  return wanted.every((word) => text.includes(word))
}

function sorted<Row>(rows: Row[], columns: readonly Sortable<Row>[], order: Order | null): Row[] {
  const column = columns.find(({ key }) => key === order?.key)
  if (!column || !order) return rows
  const { compare } = new Intl.Collator(undefined, { numeric: true })
  return rows
    .map((row) => ({ row, key: column.sortKey(row) }))
    .toSorted((one, other) => byKey(one.key, other.key, compare, order.descending))
    .map(({ row }) => row)
}

/** What has no value comes last, whatever the direction. */
function byKey(one: SortKey, other: SortKey, compare: Intl.Collator['compare'], descending: boolean): number {
  if (one === null || other === null) return Number(one === null) - Number(other === null)
  const isNumeric = typeof one === 'number' && typeof other === 'number'
  const difference = isNumeric ? one - other : compare(String(one), String(other))
  return descending ? -difference : difference
}

/** Returns the values of a column that occur in the rows, or are wanted now, sorted. */
export function valuesOf<Row>(rows: readonly Row[], column: Sortable<Row>, wanted: readonly string[] = []): string[] {
  const found = new Set([...rows.map((row) => textOf(column, row)).filter(Boolean), ...wanted])
  return [...found].toSorted(new Intl.Collator(undefined, { numeric: true }).compare)
}
