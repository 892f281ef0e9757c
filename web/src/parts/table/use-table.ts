/** The state of a table: rows that match, in order, and which of them are selected. */
import { useMemo, useState } from 'react'
import { useSearchParams } from 'wouter'
import type { Column } from './model/column.ts'
import { NOTHING_SELECTED, type Selection, selectedOf } from './model/selection.ts'
import { readTableState, type TableState, writeTableState } from './model/table-state.ts'
import { visibleRows } from './model/visible-rows.ts'

export interface TableOptions<Row> {
  readonly rows: readonly Row[]
  readonly columns: readonly Column<Row>[]
  readonly idOf: (row: Row) => string
}

export interface Table<Row> extends TableOptions<Row> {
  readonly state: TableState
  readonly setState: (state: TableState) => void
  /** Rows that match, in order. */
  readonly shown: readonly Row[]
  readonly shownIds: readonly string[]
  readonly selection: Selection
  readonly select: (selection: Selection) => void
  /** Selected rows that are shown. */
  readonly selected: readonly Row[]
}

/** `rows` and `columns` must stay the same objects while nothing changes. */
export function useTable<Row>({ rows, columns, idOf }: TableOptions<Row>): Table<Row> {
  const [params, setParams] = useSearchParams()
  const [selection, select] = useState<Selection>(NOTHING_SELECTED)
  const state = useMemo(() => readTableState(params, columns), [params, columns])
  const shown = useMemo(() => visibleRows(rows, columns, state), [rows, columns, state])
  const shownIds = useMemo(() => shown.map(idOf), [shown, idOf])
  const selected = useMemo(() => {
    const ids = new Set(selectedOf(selection, shownIds))
    return shown.filter((row) => ids.has(idOf(row)))
  }, [selection, shown, shownIds, idOf])
  return {
    rows,
    columns,
    idOf,
    state,
    // Each letter of a filter would be a step of the back button otherwise.
    setState: (next) => setParams((now) => writeTableState(now, next, columns), { replace: true }),
    shown,
    shownIds,
    selection,
    select,
    selected,
  }
}
