import { deepEqual } from 'node:assert/strict'
import { it } from 'node:test'
import { spansOf } from '../../../web/src/parts/table/model/column.ts'

it('a cell takes the room of the empty ones after it', () => {
  const columns = [{ key: 'a' }, { key: 'b', span: (row: number) => row }, { key: 'c' }, { key: 'd' }]
  const spans = (row: number) => spansOf(columns, row).map(({ column, span }) => [column.key, span])
  deepEqual(spans(1), [
    ['a', 1],
    ['b', 1],
    ['c', 1],
    ['d', 1],
  ])
  deepEqual(spans(2), [
    ['a', 1],
    ['b', 2],
    ['d', 1],
  ])
  deepEqual(spans(3), [
    ['a', 1],
    ['b', 3],
  ])
})
