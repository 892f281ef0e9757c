/** What filters a table: words, and the values of some columns. */
import { Button, NativeSelect, TextInput } from '@mantine/core'
import { type ReactNode, useRef } from 'react'
import { useShortcut } from '../../keyboard/shortcuts.tsx'
import { useDebouncedText } from '../fields/use-debounced-text.ts'
import { isFiltered, withFilter } from './model/table-state.ts'
import type { Table } from './use-table.ts'
import { valuesOf } from './model/visible-rows.ts'
import styles from './bars.module.css'

interface BarProps<Row> {
  readonly table: Table<Row>
  readonly noun: { readonly one: string; readonly many: string }
  readonly narrow: boolean
  /** Filters that the page applies itself. */
  readonly pageFilters?: ReactNode
}

export function FilterBar<Row>({ table, noun, narrow, pageFilters }: BarProps<Row>) {
  const { rows, columns, state, setState, shown } = table
  const count = shown.length.toLocaleString()
  return (
    <search className={styles['filters']}>
      <WordsFilter words={state.words} onChange={(words) => setState({ ...state, words })} />
      {pageFilters}
      {columns
        .filter(({ filter }) => filter === true)
        .map((column) => {
          const wanted = state.filters[column.key] ?? []
          const value = wanted.join(',')
          const values = valuesOf(rows, column, wanted)
          return (
            <NativeSelect
              key={column.key}
              className={styles['field'] ?? ''}
              label={column.label}
              value={value}
              onChange={(event) => setState(withFilter(state, column.key, event.currentTarget.value))}
            >
              <option value="">any</option>
              {wanted.length > 1 && <option value={value}>{wanted.join(' or ')}</option>}
              {values.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </NativeSelect>
          )
        })}
      {narrow && <OrderSelect table={table} />}
      <output className={styles['count']}>
        {isFiltered(state) ? `${count} of ${rows.length.toLocaleString()}` : count}{' '}
        {rows.length === 1 ? noun.one : noun.many}
      </output>
      {isFiltered(state) && (
        <Button onClick={() => setState({ ...state, words: '', filters: {} })}>Clear the filter</Button>
      )}
    </search>
  )
}

/** Replaces the column headings on a narrow screen. */
function OrderSelect<Row>({ table }: { readonly table: Table<Row> }) {
  const { columns, state, setState } = table
  const { order } = state
  return (
    <NativeSelect
      className={styles['field'] ?? ''}
      label="Sort by"
      value={order === null ? '' : `${order.descending ? '-' : ''}${order.key}`}
      onChange={(event) => {
        const { value } = event.currentTarget
        const descending = value.startsWith('-')
        setState({ ...state, order: value === '' ? null : { key: value.replace(/^-/, ''), descending } })
      }}
    >
      <option value="">default order</option>
      {columns.flatMap(({ key, label }) => [
        <option key={key} value={key}>
          {label}, ascending
        </option>,
        <option key={`-${key}`} value={`-${key}`}>
          {label}, descending
        </option>,
      ])}
    </NativeSelect>
  )
}

const DEBOUNCE_MS = 150

/** Filters when typing pauses, so that each letter does not cost a pass over all rows. */
function WordsFilter({ words, onChange }: { readonly words: string; readonly onChange: (words: string) => void }) {
  const field = useRef<HTMLInputElement>(null)
  const [text, setText] = useDebouncedText(words, onChange, DEBOUNCE_MS)
  useShortcut('/', 'Filter', () => field.current?.focus())
  return (
    <TextInput
      ref={field}
      className={styles['field'] ?? ''}
      label="Filter"
      placeholder="all these words"
      title="Shortcut: /"
      type="search"
      autoComplete="off"
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
    />
  )
}
