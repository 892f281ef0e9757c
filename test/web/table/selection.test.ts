import { deepEqual, equal } from 'node:assert/strict'
import { describe, it } from 'node:test'
import { placeOf } from '../../../web/src/parts/table/model/place.ts'
import {
  allOf,
  extendedTo,
  NOTHING_SELECTED,
  selectedOf,
  toggled,
} from '../../../web/src/parts/table/model/selection.ts'
import { actionOf, type TableAction } from '../../../web/src/parts/table/model/table-keys.ts'

const SHOWN = ['a', 'b', 'c', 'd', 'e']

describe('the selection of a table', () => {
  it('selects and deselects a row', () => {
    const once = toggled(NOTHING_SELECTED, 'b')
    deepEqual([...once.ids], ['b'])
    deepEqual([...toggled(once, 'b').ids], [])
  })
  it('extends from the row that was selected last, in both directions', () => {
    const begin = toggled(NOTHING_SELECTED, 'c')
    deepEqual(selectedOf(extendedTo(begin, 'e', SHOWN), SHOWN), ['c', 'd', 'e'])
    deepEqual(selectedOf(extendedTo(begin, 'a', SHOWN), SHOWN), ['a', 'b', 'c'])
    equal(extendedTo(begin, 'e', SHOWN).anchor, 'c')
  })
  it('begins with the row itself if the anchor is missing or hidden', () => {
    deepEqual([...extendedTo(NOTHING_SELECTED, 'd', SHOWN).ids], ['d'])
    deepEqual(selectedOf(extendedTo(toggled(NOTHING_SELECTED, 'gone'), 'd', SHOWN), SHOWN), ['d'])
  })
  it('includes only rows that are shown', () => {
    deepEqual(selectedOf(allOf(SHOWN), ['b', 'x', 'd']), ['b', 'd'])
  })
})

describe('the place in a table whose rows change', () => {
  const CASES: readonly (readonly [id: string, after: readonly string[], place: string | null])[] = [
    ['c', ['e', 'c'], 'c'],
    ['c', ['a', 'b', 'd', 'e'], 'd'],
    ['c', ['a', 'b', 'e'], 'e'],
    ['e', ['a', 'b', 'c'], 'c'],
    ['c', ['x'], null],
    ['unknown', SHOWN, null],
  ]
  for (const [id, after, place] of CASES) {
    it(`of ${id} among ${after.join()} is ${place}`, () => equal(placeOf(id, SHOWN, new Set(after)), place))
  }
})

describe('keys in a table', () => {
  const move = (to: number, extend = false): TableAction => ({ kind: 'move', to, extend })
  const CASES: readonly (readonly [key: string, index: number, action: TableAction | null])[] = [
    ['ArrowDown', 3, move(4)],
    ['ArrowDown', 99, move(99)],
    ['ArrowUp', 0, move(0)],
    ['Home', 50, move(0)],
    ['End', 50, move(99)],
    ['PageDown', 95, move(99)],
    ['PageUp', 25, move(5)],
    ['Enter', 1, { kind: 'open' }],
    ['x', 1, { kind: 'toggle' }],
    ['a', 1, null],
    ['Tab', 1, null],
  ]
  for (const [key, index, action] of CASES) {
    it(`${key} at row ${index} of 100`, () =>
      deepEqual(actionOf({ key, shift: false, ctrl: false }, index, 100), action))
  }
  it('extend with Shift', () => {
    deepEqual(actionOf({ key: 'ArrowDown', shift: true, ctrl: false }, 1, 100), move(2, true))
    deepEqual(actionOf({ key: 'X', shift: true, ctrl: false }, 1, 100), { kind: 'extend' })
  })
  it('select all with Ctrl+A, and leave other shortcuts to the browser', () => {
    deepEqual(actionOf({ key: 'a', shift: false, ctrl: true }, 1, 100), { kind: 'all' })
    equal(actionOf({ key: 'x', shift: false, ctrl: true }, 1, 100), null)
  })
})
