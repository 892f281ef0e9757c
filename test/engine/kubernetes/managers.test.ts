import assert from 'node:assert/strict'
import { it } from 'node:test'
import { removalOfOld } from '../../../src/engine/kubernetes/managers.ts'
import { NOW } from '../../../lab/rows.ts'

const HOUR_MS = 3_600_000

/** What a manager writes that was alive so long ago. */
const entry = (ageMs: number) =>
  JSON.stringify({ database: 'd', file: 'berth', since: NOW - 2 * HOUR_MS, heardAt: NOW - ageMs })

it('removes the entries of managers that are long gone, and nothing else', () => {
  const data = {
    old: entry(HOUR_MS),
    recent: entry(HOUR_MS - 1),
    ahead: entry(-HOUR_MS),
    foreign: 'a note',
    list: '[]',
  }
  assert.deepEqual(removalOfOld(data, NOW), { old: null })
  assert.deepEqual(removalOfOld(undefined, NOW), {})
})
