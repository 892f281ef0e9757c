import { deepEqual } from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TableState } from '../../../web/src/parts/table/model/table-state.ts'
import { valuesOf, visibleRows } from '../../../web/src/parts/table/model/visible-rows.ts'

interface Row {
  readonly name: string
  readonly pool: string
  readonly ends: number | null
}

const ROWS: readonly Row[] = [
  { name: 'p-10', pool: 'alpine', ends: 3 },
  { name: 'p-2', pool: 'alpine', ends: null },
  { name: 'q-1', pool: 'debian', ends: 1 },
  { name: 'Q-3', pool: 'debian', ends: 20 },
]
const COLUMNS = [
  { key: 'name', sortKey: ({ name }: Row) => name },
  { key: 'pool', sortKey: ({ pool }: Row) => pool },
  { key: 'ends', sortKey: ({ ends }: Row) => ends, text: () => 'soon' },
]
const names = (state: Partial<TableState>) =>
  visibleRows(ROWS, COLUMNS, { words: '', filters: {}, order: null, ...state }).map(({ name }) => name)
const by = (key: string, descending = false) => names({ order: { key, descending } })

describe('rows of a table', () => {
  it('keep their order if none is chosen', () => deepEqual(names({}), ['p-10', 'p-2', 'q-1', 'Q-3']))
  it('sort texts with the numbers in them', () => deepEqual(by('name'), ['p-2', 'p-10', 'q-1', 'Q-3']))
  it('sort in descending order', () => deepEqual(by('name', true), ['Q-3', 'q-1', 'p-10', 'p-2']))
  it('sort numbers by size, missing ones last', () => {
    deepEqual(by('ends'), ['q-1', 'p-10', 'Q-3', 'p-2'])
    deepEqual(by('ends', true), ['Q-3', 'p-10', 'q-1', 'p-2'])
  })
  it('keep their order if they are equal', () => deepEqual(by('pool', true), ['q-1', 'Q-3', 'p-10', 'p-2']))
  it('must have every word, in any column, in any case', () => {
    deepEqual(names({ words: 'DEB q-3' }), ['Q-3'])
    deepEqual(names({ words: ' soon ' }), ['p-10', 'p-2', 'q-1', 'Q-3'])
    deepEqual(names({ words: 'alpine debian' }), [])
  })
  it('must have one of the wanted values of each column', () => {
    deepEqual(names({ filters: { pool: ['debian'] } }), ['q-1', 'Q-3'])
    deepEqual(names({ filters: { pool: ['debian', 'alpine'], name: ['p-2'] } }), ['p-2'])
    // Words find parts, filters whole values.
    deepEqual(names({ filters: { pool: ['deb'] } }), [])
  })
  it('offer the values that occur, and wanted ones that do not', () => {
    const [name, pool] = COLUMNS
    if (!name || !pool) throw new Error('no columns')
    deepEqual(valuesOf(ROWS, pool), ['alpine', 'debian'])
    deepEqual(valuesOf(ROWS, pool, ['void']), ['alpine', 'debian', 'void'])
    deepEqual(valuesOf(ROWS, name), ['p-2', 'p-10', 'q-1', 'Q-3'])
  })
})
