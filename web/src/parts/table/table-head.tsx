import { ArrowDown, ArrowUp } from 'lucide-react'
import type { Column } from './model/column.ts'
import { allOf, NOTHING_SELECTED } from './model/selection.ts'
import { nextOrder } from './model/table-state.ts'
import type { Table } from './use-table.ts'
import styles from './table.module.css'

interface HeadProps<Row> {
  readonly table: Table<Row>
  readonly selectable: boolean
  readonly hasActions: boolean
  readonly actionsWidth: string | undefined
}

export function TableHead<Row>({ table, selectable, hasActions, actionsWidth }: HeadProps<Row>) {
  return (
    <thead>
      <tr aria-rowindex={1}>
        {selectable && (
          <th scope="col" className={styles['select']}>
            <SelectAll table={table} />
          </th>
        )}
        {table.columns.map((column) => (
          <Heading key={column.key} column={column} table={table} />
        ))}
        {hasActions && (
          <th scope="col" className={styles['actions']} style={{ width: actionsWidth }}>
            <span className={styles['hidden']}>Actions</span>
          </th>
        )}
      </tr>
    </thead>
  )
}

function SelectAll<Row>({ table }: { readonly table: Table<Row> }) {
  const { shownIds, selected, select } = table
  const isAll = selected.length > 0 && selected.length === shownIds.length
  const label = isAll ? 'Select none' : `Select all ${shownIds.length} that match`
  return (
    <input
      type="checkbox"
      aria-label={label}
      title={label}
      checked={isAll}
      ref={(box) => {
        if (box) box.indeterminate = selected.length > 0 && !isAll
      }}
      onChange={() => select(isAll ? NOTHING_SELECTED : allOf(shownIds))}
    />
  )
}

function Heading<Row>({ column, table }: { readonly column: Column<Row>; readonly table: Table<Row> }) {
  const { state, setState } = table
  const order = state.order?.key === column.key ? state.order : null
  const direction = order && (order.descending ? 'descending' : 'ascending')
  const Arrow = order?.descending ? ArrowDown : ArrowUp
  return (
    <th
      scope="col"
      aria-sort={direction ?? 'none'}
      data-align={column.align}
      data-wide={column.wide}
      style={{ width: column.width }}
    >
      <button type="button" onClick={() => setState({ ...state, order: nextOrder(state.order, column.key) })}>
        {column.label}
        {order && <Arrow size={12} aria-hidden />}
      </button>
    </th>
  )
}
