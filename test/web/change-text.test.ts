import { equal, match } from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  changedMeanwhile,
  holdConsequence,
  holdEnd,
  holdRefusal,
} from '../../web/src/pages/reservations/change/change-text.ts'

const NOW = Date.parse('2026-11-29T14:00:00Z')
const UTC = { timeZone: 'UTC', locale: 'en-GB' }
const MINUTE = 60_000

describe('a change of a note by another person', () => {
  it('causes a warning, unless the new note is the typed text', () => {
    equal(changedMeanwhile({ before: 'a', now: 'a', typed: 'b' }), null)
    equal(changedMeanwhile({ before: 'a', now: 'b', typed: ' b' }), null)
    equal(changedMeanwhile({ before: null, now: null, typed: '' }), null)
    match(changedMeanwhile({ before: null, now: 'c', typed: 'b' }) ?? '', /changed in the meantime to “c”/)
    match(changedMeanwhile({ before: 'a', now: null, typed: 'b' }) ?? '', /removed in the meantime/)
  })
})

describe('putting on hold', () => {
  it('names the limits of the pool', () => {
    const text = holdConsequence('alpine', { max_seconds: 7_200, containers: 1 })
    match(text, /once, for at most 2 h\. /)
    match(text, /Pool alpine keeps at most 1 container on hold at once\.$/)
  })

  it('says the new end, and by how much it moves', () => {
    const end = (ms: number | null, left: number) => holdEnd(ms, new Date(NOW + left).toISOString(), NOW, UTC)
    equal(end(null, 0), null)
    equal(end(30 * MINUTE, 10 * MINUTE), 'It will end in 30 min, at 14:30: 20 min later than without the hold.')
    equal(end(30 * MINUTE, 45 * MINUTE), 'It will end in 30 min, at 14:30: 15 min earlier than without the hold.')
    equal(end(30 * MINUTE, 30 * MINUTE + 9_000), 'It will end in 30 min, at 14:30, as before.')
    equal(holdEnd(30 * MINUTE, null, NOW, UTC), 'It will end in 30 min, at 14:30.')
  })

  it('is possible once, while it is active', () => {
    equal(holdRefusal({ state: 'active', held_at: null }), null)
    equal(holdRefusal({ state: 'ended', held_at: null }), 'It has ended.')
    match(holdRefusal({ state: 'active', held_at: '2026-11-29T13:00:00Z' }) ?? '', /Extend it instead/)
  })
})
