import { Button } from '@mantine/core'
import type { BulkAction } from './row-action.ts'
import { allOf, NOTHING_SELECTED } from './model/selection.ts'
import type { Table } from './use-table.ts'
import styles from './bars.module.css'

/** The selection and its bulk actions. Always shown, so that nothing moves and the focus is not lost. */
export function SelectionBar<Row>(props: { readonly table: Table<Row>; readonly bulk: readonly BulkAction<Row>[] }) {
  const { table, bulk } = props
  const { shownIds, selected, select } = table
  const none = selected.length === 0
  const isAll = !none && selected.length === shownIds.length
  return (
    <div className={styles['bar']}>
      <span role="status">{none ? 'None selected' : `${selected.length.toLocaleString()} selected`}</span>
      <Button
        size="compact-xs"
        onClick={() => select(isAll ? NOTHING_SELECTED : allOf(shownIds))}
        disabled={shownIds.length === 0}
      >
        {isAll ? 'Select none' : `Select all ${shownIds.length.toLocaleString()} that match`}
      </Button>
      {bulk.map(({ label, act }) => (
        <Button
          key={label}
          size="compact-xs"
          aria-disabled={none}
          {...(none && { 'data-disabled': true })}
          onClick={() => none || act(selected)}
        >
          {label}
        </Button>
      ))}
    </div>
  )
}
