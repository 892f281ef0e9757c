/**
 * A table with filters, sorting and keyboard navigation; cards on a narrow screen. Rows keep their position and the
 * focus when they are read again.
 */
import { Button } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { type ReactNode, useId, useRef } from 'react'
import { useLocation } from 'wouter'
import type { BulkAction, RowAction } from './row-action.ts'
import { FilterBar } from './filter-bar.tsx'
import { SelectionBar } from './selection-bar.tsx'
import { TableHead } from './table-head.tsx'
import { allOf, extendedTo, NOTHING_SELECTED, toggled } from './model/selection.ts'
import { actionOf } from './model/table-keys.ts'
import { TableRow } from './table-row.tsx'
import { isFiltered } from './model/table-state.ts'
import { useRowFocus } from './use-row-focus.ts'
import type { Table } from './use-table.ts'
import { useVirtualRows } from './use-virtual-rows.ts'
import styles from './table.module.css'

export interface DataTableProps<Row> {
  readonly table: Table<Row>
  /** Of the table, for screen readers: "Containers". */
  readonly label: string
  readonly noun: { readonly one: string; readonly many: string }
  readonly nameOf: (row: Row) => string
  readonly hrefOf?: (row: Row) => string
  readonly actionsOf?: (row: Row) => readonly RowAction[]
  /** CSS width of the column of actions, if the default is too wide for them. */
  readonly actionsWidth?: string
  readonly bulk?: readonly BulkAction<Row>[]
  /**
   * Rows that come in on top change the text of those below instead of moving them. For rows that are read only while
   * they stand still.
   */
  readonly inPlace?: boolean
  /** Filters that the page applies itself. */
  readonly pageFilters?: ReactNode
  /** Sentence in place of the rows if there are none, whatever the filter. */
  readonly empty: ReactNode
}

const NARROW = '(max-width: 640px)'
const NO_BULK: readonly never[] = []

export function DataTable<Row>(props: DataTableProps<Row>) {
  const { table, label, noun, nameOf, hrefOf, actionsOf, bulk = NO_BULK, pageFilters, inPlace = false, empty } = props
  const { columns, idOf, shown, shownIds, selection, select, state, setState } = table
  const body = useRef<HTMLTableSectionElement>(null)
  const focus = useRowFocus(shownIds, body)
  const [, navigate] = useLocation()
  const narrow = useMediaQuery(NARROW, false, { getInitialValueInEffect: false })
  const { pieces, measure } = useVirtualRows(shown.length, { active: focus.active, narrow, body })
  const hintId = useId()
  const selectable = bulk.length > 0
  const hasActions = actionsOf !== undefined

  const press = (event: React.KeyboardEvent, row: Row, index: number) => {
    // A button or a checkbox in the row has the keys that it knows.
    if (event.target !== event.currentTarget || event.altKey) return
    const id = idOf(row)
    // Keys with Ctrl belong to the browser, and a key that is held down acts once.
    const isPlain = !event.ctrlKey && !event.metaKey && !event.repeat
    const own = isPlain ? actionsOf?.(row).find(({ key, refusal }) => key === event.key && !refusal) : undefined
    const action = actionOf(
      { key: event.key, shift: event.shiftKey, ctrl: event.ctrlKey || event.metaKey },
      index,
      shown.length,
    )
    if (!own && (!action || (!selectable && /toggle|extend|all|none/.test(action.kind)))) return
    event.preventDefault()
    if (own) return own.act()
    switch (action?.kind) {
      case 'move': {
        const to = shownIds[action.to]
        if (action.extend && selectable && to !== undefined) {
          select(extendedTo(selection.anchor === null ? toggled(selection, id) : selection, to, shownIds))
        }
        return focus.focusRow(action.to)
      }
      case 'toggle':
        return select(toggled(selection, id))
      case 'extend':
        return select(extendedTo(selection, id, shownIds))
      case 'all':
        return select(allOf(shownIds))
      case 'none':
        return select(NOTHING_SELECTED)
      case 'open':
        return hrefOf && navigate(hrefOf(row))
      case undefined:
        return undefined
    }
  }

  return (
    <div className={styles['frame']}>
      <FilterBar table={table} noun={noun} narrow={narrow} pageFilters={pageFilters} />
      {selectable && <SelectionBar table={table} bulk={bulk} />}
      <table
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: its rows take the keys
        role="grid"
        className={styles['table']}
        aria-label={label}
        aria-describedby={hintId}
        aria-rowcount={shown.length + 1}
        aria-multiselectable={selectable || undefined}
      >
        <TableHead table={table} selectable={selectable} hasActions={hasActions} actionsWidth={props.actionsWidth} />
        <tbody ref={body} onFocus={focus.onFocus} onBlur={focus.onBlur}>
          {pieces.map((piece, nth) => {
            if (piece.kind === 'gap') {
              return (
                // biome-ignore lint/suspicious/noArrayIndexKey: a gap has nothing but its place
                <tr key={`gap ${nth}`} aria-hidden className={styles['gap']}>
                  <td style={{ height: piece.height }} />
                </tr>
              )
            }
            const row = shown[piece.index]
            if (row === undefined) return null
            const id = idOf(row)
            return (
              <TableRow
                key={inPlace ? piece.index : id}
                id={id}
                row={row}
                index={piece.index}
                columns={columns}
                name={nameOf(row)}
                active={piece.index === focus.active}
                narrow={narrow}
                selected={selectable ? selection.ids.has(id) : null}
                onSelect={(extend) => select(extend ? extendedTo(selection, id, shownIds) : toggled(selection, id))}
                actions={actionsOf?.(row) ?? null}
                onKeyDown={(event) => press(event, row, piece.index)}
                measure={measure}
              />
            )
          })}
        </tbody>
      </table>
      <p id={hintId} className={styles['hint']}>
        Arrow keys move between rows{hrefOf && ', Enter opens one'}
        {selectable && ', x selects, Shift extends the selection'}.
      </p>
      {shown.length === 0 && (
        <div className={styles['empty']}>
          {table.rows.length > 0 && isFiltered(state) ? (
            <>
              <p>No {noun.one} matches the filter.</p>
              <Button onClick={() => setState({ ...state, words: '', filters: {} })}>Clear the filter</Button>
            </>
          ) : (
            empty
          )}
        </div>
      )}
    </div>
  )
}
