import { memo } from 'react'
import { type Column, spansOf } from './model/column.ts'
import type { RowAction } from './row-action.ts'
import { RowActions } from './row-actions.tsx'
import styles from './table.module.css'

interface RowProps<Row> {
  readonly id: string
  readonly row: Row
  readonly index: number
  readonly columns: readonly Column<Row>[]
  readonly name: string
  /** Whether Tab reaches this row, and what is inside. */
  readonly active: boolean
  readonly narrow: boolean
  /** null: rows cannot be selected. */
  readonly selected: boolean | null
  readonly onSelect: (extend: boolean) => void
  readonly actions: readonly RowAction[] | null
  readonly onKeyDown: (event: React.KeyboardEvent) => void
  readonly measure: ((element: Element | null) => void) | null
}

export function TableRow<Row>(props: RowProps<Row>) {
  const { id, row, index, columns, name, active, narrow, selected, onSelect, actions, onKeyDown, measure } = props
  return (
    <tr
      ref={measure}
      data-id={id}
      data-index={index}
      aria-rowindex={index + 2}
      aria-selected={selected ?? undefined}
      tabIndex={active ? 0 : -1}
      onKeyDown={onKeyDown}
    >
      {selected !== null && (
        <td className={styles['select']}>
          <input
            type="checkbox"
            aria-label={`Select ${name}`}
            tabIndex={active ? 0 : -1}
            checked={selected}
            onChange={(event) => onSelect((event.nativeEvent as MouseEvent).shiftKey)}
          />
        </td>
      )}
      <Cells row={row} columns={columns} />
      {actions && (
        <td className={styles['actions']}>
          <RowActions actions={actions} name={name} active={active} narrow={narrow} />
        </td>
      )}
    </tr>
  )
}

/** Rendered again only if the row has changed, not with every move of the focus. */
const Cells = memo(CellsOfRow) as typeof CellsOfRow

function CellsOfRow<Row>({ row, columns }: { readonly row: Row; readonly columns: readonly Column<Row>[] }) {
  return (
    <>
      {spansOf(columns, row).map(({ column, span }) => (
        <td key={column.key} colSpan={span} data-label={column.label} data-align={column.align} data-wide={column.wide}>
          <span>{column.cell(row)}</span>
        </td>
      ))}
    </>
  )
}
