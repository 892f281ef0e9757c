import { deepEqual, equal } from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  isFiltered,
  nextOrder,
  readTableState,
  type TableState,
  withFilter,
  writeTableState,
} from '../../../web/src/parts/table/model/table-state.ts'

const COLUMNS = [{ key: 'name' }, { key: 'pool', filter: true as const }, { key: 'state', filter: 'page' as const }]
const read = (query: string) => readTableState(new URLSearchParams(query), COLUMNS)
const write = (query: string, state: TableState) => String(writeTableState(new URLSearchParams(query), state, COLUMNS))

const EMPTY: TableState = { words: '', filters: {}, order: null }

describe('the state of a table in the URL', () => {
  const CASES: readonly (readonly [query: string, state: TableState])[] = [
    ['', EMPTY],
    ['q=ada+ci', { ...EMPTY, words: 'ada ci' }],
    ['pool=alpine', { ...EMPTY, filters: { pool: ['alpine'] } }],
    ['pool=alpine%2Cdebian', { ...EMPTY, filters: { pool: ['alpine', 'debian'] } }],
    ['sort=name', { ...EMPTY, order: { key: 'name', descending: false } }],
    ['sort=-pool', { ...EMPTY, order: { key: 'pool', descending: true } }],
    ['q=x&pool=a&sort=-name', { words: 'x', filters: { pool: ['a'] }, order: { key: 'name', descending: true } }],
  ]
  for (const [query, state] of CASES) {
    it(`reads and writes "${query}"`, () => {
      deepEqual(read(query), state)
      equal(write('', state), query)
    })
  }
  it('ignores columns that do not exist, and empty filters', () => {
    deepEqual(read('sort=size&colour=red&pool='), EMPTY)
  })
  it('leaves the parameters of the page alone', () => {
    deepEqual(read('state=ended').filters, {})
    equal(write('state=ended&pool=a&q=b', EMPTY), 'state=ended')
    equal(write('from=now-1h', { ...EMPTY, words: 'x' }), 'from=now-1h&q=x')
  })
  it('goes from ascending over descending to none', () => {
    const first = nextOrder(null, 'name')
    const second = nextOrder(first, 'name')
    deepEqual(first, { key: 'name', descending: false })
    deepEqual(second, { key: 'name', descending: true })
    equal(nextOrder(second, 'name'), null)
    deepEqual(nextOrder(second, 'pool'), { key: 'pool', descending: false })
  })
  it('sets and removes the filter of a column', () => {
    const some = withFilter(EMPTY, 'pool', 'a')
    deepEqual(some.filters, { pool: ['a'] })
    equal(isFiltered(some), true)
    deepEqual(withFilter(some, 'pool', '').filters, {})
    equal(isFiltered({ ...EMPTY, words: '  ' }), false)
  })
})
