import { deepEqual, equal } from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Event } from '../../src/client/client.ts'
import { generationsOf } from '../../web/src/pages/containers/generations.ts'

const AT = '2026-11-29T14:00:00.000Z'
let id = 0
const event = (kind: Event['kind'], generation: number, some: Partial<Event> = {}): Event => ({
  id: ++id,
  at: AT,
  kind,
  by: 'berth',
  pool: 'alpine',
  container: 'alpine-1',
  generation,
  reservation: null,
  owner: null,
  username: null,
  detail: null,
  ...some,
})
const held = { reservation: 'r-1', owner: 'ada', username: 'alice' }
const why = (...events: readonly Event[]) => generationsOf(events).map(({ ended }) => ended?.why ?? null)

describe('the history of a container', () => {
  it('has one entry for each generation, latest first', () => {
    const found = generationsOf([
      event('container.creating', 1),
      event('container.ready', 1, { at: '2026-11-29T14:00:01.000Z' }),
      event('container.reserved', 1, { ...held, by: 'ada' }),
      event('container.removing', 1, { ...held, by: 'ada', at: '2026-11-29T15:00:00.000Z' }),
      event('container.creating', 2),
    ])
    deepEqual(
      found.map(({ generation }) => generation),
      [2, 1],
    )
    deepEqual(found[1], {
      generation: 1,
      createdAt: AT,
      readyAt: '2026-11-29T14:00:01.000Z',
      holders: [{ ...held, at: AT }],
      ended: { at: '2026-11-29T15:00:00.000Z', by: 'ada', why: 'its reservation was released by ada' },
      quarantined: null,
      failures: [],
    })
    equal(found[0]?.ended, null)
  })

  const CASES: readonly (readonly [name: string, event: Event, why: string])[] = [
    ['the end of its time', event('container.removing', 1, held), 'its reservation ended'],
    ['an admin', event('container.removing', 1, { by: 'root' }), 'recycled by root'],
    [
      'another configuration',
      event('container.removing', 1, { detail: 'the pool is configured differently' }),
      'the pool is configured differently',
    ],
    ['a reset', event('container.reset', 1, { ...held, by: 'ada' }), 'reset by ada'],
    ['a smaller pool', event('container.dropped', 1), 'the pool became smaller'],
  ]
  for (const [name, end, expected] of CASES) {
    it(`says why a generation ended: ${name}`, () => deepEqual(why(event('container.creating', 1), end), [expected]))
  }

  it('keeps the first reason of several', () => {
    deepEqual(why(event('container.removing', 1, { by: 'root' }), event('container.dropped', 1)), ['recycled by root'])
  })

  it('lists failures, and a generation that never worked', () => {
    const [second, first] = generationsOf([
      event('container.creating', 1),
      event('container.broken', 1, { detail: 'no such image' }),
      event('container.creating', 2),
    ])
    deepEqual(first?.failures, [{ at: AT, reason: 'no such image' }])
    equal(first?.ended?.why, 'it did not work: no such image')
    equal(second?.ended, null)
  })

  it('counts a container that replaced a lost one under a reservation as held, and the lost one as ended', () => {
    const later = '2026-11-29T14:30:00.000Z'
    const [found, lost] = generationsOf([
      event('container.creating', 1),
      event('container.reserved', 1, held),
      event('container.replaced', 2, { ...held, at: later }),
    ])
    deepEqual([found?.createdAt, found?.ended, found?.holders], [later, null, [{ ...held, at: later }]])
    deepEqual(lost?.ended, { at: later, by: 'berth', why: 'it was lost, and was replaced under its reservation' })
  })

  it('has one current generation at most, also when the creation of the latest is not listed', () => {
    const user = [event('container.reserved', 7, held), event('container.reserved', 9, held)]
    deepEqual(
      generationsOf(user).map(({ ended }) => ended === null),
      [true, false],
    )
  })

  it('lists a quarantine, and the return from it', () => {
    const [found] = generationsOf([
      event('container.creating', 1),
      event('container.quarantined', 1, { by: 'root', detail: 'no such image' }),
      event('container.removing', 1, { by: 'ben', detail: 'no such image', at: '2026-11-29T15:00:00.000Z' }),
    ])
    deepEqual(found?.quarantined, { at: AT, by: 'root' })
    deepEqual(found.ended, { at: '2026-11-29T15:00:00.000Z', by: 'ben', why: 'returned from quarantine by ben' })
  })

  it('omits events without a generation', () =>
    deepEqual(generationsOf([{ ...event('pool.scaled', 1), generation: null }]), []))
})
