/** What is planned for waiting reservations, and the position they are shown. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { nextDue, planEnds, planRequests } from '../../../src/reconcile/plan/plan.ts'
import { queuePosition } from '../../../src/domain/queue.ts'
import { planQueue } from '../../../src/reconcile/plan/plan-queue.ts'
import type { Reservation } from '../../../src/domain/reservation.ts'
import type { Snapshot } from '../../../src/domain/snapshot.ts'
import { container, NOW, pool, reservation } from '../../../lab/rows.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

const waiting = (id: string, some: Partial<Reservation> = {}) =>
  reservation({
    id,
    state: 'waiting',
    holds: [],
    waitUntil: NOW + HOUR,
    activeAt: null,
    expiresAt: null,
    notifiedEnd: null,
    ...some,
  })

const ready = (count: number) => Array.from({ length: count }, (_, index) => container({ number: index + 1 }))

const snapshotOf = (some: Partial<Snapshot>): Snapshot => ({
  containers: [],
  reservations: [],
  sizes: new Map(),
  ...some,
})

describe('planQueue', () => {
  const assigned = (some: Partial<Snapshot>) =>
    planQueue(snapshotOf(some), NOW).map((action) => ('reservation' in action ? action.reservation.id : action.type))

  it('serves in the order of turns, as far as the containers reach', () => {
    const reservations = [waiting('b', { position: 2 }), waiting('a', { position: 1 }), waiting('c', { position: 3 })]
    assert.deepEqual(assigned({ containers: ready(2), reservations }), ['a', 'b'])
    assert.deepEqual(assigned({ containers: [], reservations }), [])
  })

  it('lets no request pass a larger one', () => {
    const reservations = [waiting('large', { position: 1, count: 3 }), waiting('small', { position: 2 })]
    assert.deepEqual(assigned({ containers: ready(2), reservations }), [])
    assert.deepEqual(assigned({ containers: ready(4), reservations }), ['large', 'small'])
  })

  it('steps over those whose time is up, and keeps pools apart', () => {
    const reservations = [
      waiting('late', { position: 1, count: 9, waitUntil: NOW }),
      waiting('dead', { position: 2, count: 9, aliveUntil: NOW - 1 }),
      waiting('other', { position: 3, count: 9, pool: 'q' }),
      waiting('next', { position: 4 }),
    ]
    assert.deepEqual(assigned({ containers: ready(1), reservations }), ['next'])
  })
})

describe('plan', () => {
  const containers = ready(4).map((row) => ({ ...row, state: 'creating' as const }))
  const input = (reservations: Reservation[]) => ({
    pools: [pool({ size: 4 })],
    snapshot: snapshotOf({ containers, reservations }),
  })
  const planned = (one: Reservation) => [...planEnds(input([one]), NOW), ...planRequests(input([one]), NOW)]

  it('fails reservations that timed out in the queue, with the reason', () => {
    const one = waiting('r', { createdAt: NOW - 10 * MINUTE, waitUntil: NOW, count: 4 })
    const reason = 'no 4 containers of p came free within 10m'
    assert.deepEqual(planned(one), [{ type: 'end', reservation: one, outcome: 'failed', reason }])
    assert.deepEqual(planned(waiting('r')), [])
  })

  it('ends what nobody keeps alive, before it is active too', () => {
    const one = waiting('r', { aliveUntil: NOW })
    assert.deepEqual(planned(one), [{ type: 'end', reservation: one, outcome: 'abandoned' }])
    const preparing = waiting('r', { state: 'preparing', aliveUntil: NOW, prepareBy: NOW + 1 })
    assert.deepEqual(planned(preparing), [{ type: 'end', reservation: preparing, outcome: 'abandoned' }])
  })

  it('takes up a dead preparation that somebody may come back for, and ends any other', () => {
    const promised = waiting('r', { state: 'preparing', prepareBy: NOW, promised: true })
    assert.deepEqual(planned(promised), [{ type: 'resume', reservation: promised }])
    assert.deepEqual(planned({ ...promised, prepareBy: NOW + 1 }), [])
    const [action] = planned({ ...promised, promised: false })
    assert.equal(action?.type === 'end' && action.outcome, 'failed')
  })

  it('comes back for the next deadline', () => {
    const due = (one: Reservation) => nextDue(snapshotOf({ reservations: [one] }), NOW) - NOW
    assert.equal(due(waiting('r', { waitUntil: NOW + 7 })), 7)
    assert.equal(due(waiting('r', { waitUntil: NOW + 7, aliveUntil: NOW + 3 })), 3)
    assert.equal(due(waiting('r', { state: 'preparing', prepareBy: NOW + 9, aliveUntil: NOW + 5 })), 5)
  })
})

describe('queuePosition', () => {
  const held = (number: number, expiresAt: number) => ({
    row: container({ number, state: 'reserved' }),
    holder: reservation({ id: `h${number}`, expiresAt, holds: [{ container: `p-${number}`, accountGeneration: 1 }] }),
  })
  const lent = [held(1, NOW + 50_000), held(2, NOW + 20_000)]
  const containers = [...lent.map(({ row }) => row), container({ number: 3, state: 'removing' })]
  const scene = (...queue: Reservation[]) =>
    snapshotOf({ containers, reservations: [...lent.map(({ holder }) => holder), ...queue] })

  it('tells the position, and when enough will be free for all up to it', () => {
    const queue = [waiting('a', { position: 1 }), waiting('b', { position: 2 }), waiting('c', { position: 3 })]
    const places = queue.map((one) => queuePosition(scene(...queue), one, NOW))
    assert.deepEqual(
      places.map((place) => [place?.position, (place?.estimatedStart ?? 0) - NOW]),
      [
        [1, 2_000],
        [2, 22_000],
        [3, 52_000],
      ],
    )
  })

  it('does not guess: a request that the pool cannot meet has no estimate', () => {
    const one = waiting('a', { count: 4 })
    assert.deepEqual(queuePosition(scene(one), one, NOW), { position: 1, estimatedStart: null, problem: null })
    assert.equal(queuePosition(scene(), reservation(), NOW), null)
  })
})
