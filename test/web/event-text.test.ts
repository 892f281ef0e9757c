import { equal, ok } from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EVENT_KINDS } from '../../src/domain/event.ts'
import type { Event } from '../../src/client/client.ts'
import { eventText, isNoteworthy } from '../../web/src/words/event-text.ts'

const UTC = { timeZone: 'UTC', locale: 'en-GB' }

function event(kind: string, more: Partial<Event> = {}): Event {
  const nothing = { generation: null, reservation: null, owner: null, username: null, detail: null }
  const at = '2026-11-29T14:00:00.000Z'
  return { id: 1, at, kind: kind as Event['kind'], by: 'berth', pool: 'alpine', container: null, ...nothing, ...more }
}

const ALICE = { username: 'alice', owner: 'ada' }
const CASES: readonly [Event, string][] = [
  [event('reservation.waiting', ALICE), 'alice (ada) is waiting for alpine'],
  [event('reservation.active', { username: 'ada', owner: 'ada' }), 'ada can log in to alpine'],
  [event('reservation.active', { username: 'ada', owner: 'anyone' }), 'ada can log in to alpine'],
  [
    event('reservation.extended', { ...ALICE, by: 'ada', detail: 'until 2026-11-29T15:40:00.000Z' }),
    'ada extended the reservation of alice (ada) in alpine until 15:40',
  ],
  [
    event('reservation.held', { ...ALICE, by: 'anyone', detail: 'until 2026-11-30T15:40:00.000Z' }),
    'A caller put the reservation of alice (ada) in alpine on hold until Mon 30 Nov, 15:40',
  ],
  [
    event('reservation.noted', { ...ALICE, by: 'ada', detail: 'for the exam' }),
    'ada changed the note of the reservation of alice (ada) in alpine: for the exam',
  ],
  [
    event('reservation.noted', { ...ALICE, by: 'ada' }),
    'ada removed the note of the reservation of alice (ada) in alpine',
  ],
  [
    event('reservation.substituted', { ...ALICE, detail: 'alpine-1 -> alpine-2: no account could be made: EIO' }),
    'alpine-2 replaced alpine-1 (no account could be made: EIO) in the reservation of alice (ada) in alpine',
  ],
  [
    event('reservation.ended', { ...ALICE, by: 'ada', detail: 'released' }),
    'The reservation of alice (ada) in alpine has ended: released by ada',
  ],
  [
    event('reservation.ended', { ...ALICE, by: 'anyone', detail: 'released' }),
    'The reservation of alice (ada) in alpine has ended: released',
  ],
  [
    event('reservation.ended', { ...ALICE, detail: 'expired' }),
    'The reservation of alice (ada) in alpine has ended: its time is up',
  ],
  [
    event('reservation.ended', { ...ALICE, detail: 'failed: no container could be made' }),
    'The reservation of alice (ada) in alpine has ended: failed: no container could be made',
  ],
  [event('container.ready', { container: 'alpine-3' }), 'alpine-3 is ready'],
  [event('container.reserved', { container: 'alpine-3', ...ALICE }), 'alpine-3 is reserved for alice (ada)'],
  [event('container.broken', { container: 'alpine-3', detail: 'no such image' }), 'alpine-3 is broken: no such image'],
  [event('container.removing', { container: 'alpine-3' }), 'alpine-3 is being removed'],
  [event('container.removing', { container: 'alpine-3', by: 'ada' }), 'ada had alpine-3 removed'],
  [event('container.quarantined', { container: 'alpine-3', by: 'ada' }), 'ada quarantined alpine-3'],
  [event('pool.scaled', { by: 'ada', detail: '12' }), 'ada set the size of alpine to 12'],
  [event('token.created', { by: 'ada', pool: null, detail: 'lab7 (user)' }), 'ada created a token: lab7 (user)'],
  // Of a later manager.
  [event('container.painted', { container: 'alpine-3', detail: 'red' }), 'container.painted: alpine-3: red'],
]

describe('events in words', () => {
  for (const [one, text] of CASES) it(text, () => equal(eventText(one, UTC), text))

  it('have a text for every kind, other than its name', () => {
    for (const kind of EVENT_KINDS) ok(!eventText(event(kind), UTC).includes(kind), kind)
  })

  it('are noteworthy, except for the steps of recycling that no person started', () => {
    equal(isNoteworthy(event('container.creating')), false)
    equal(isNoteworthy(event('container.removing')), false)
    equal(isNoteworthy(event('container.removing', { by: 'ada' })), true)
    equal(isNoteworthy(event('container.broken')), true)
    equal(isNoteworthy(event('reservation.active')), true)
  })
})
