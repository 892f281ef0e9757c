import { deepEqual, equal } from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Container, Reservation } from '../../src/client/client.ts'
import { slotDetail, slotLabel } from '../../web/src/slots/slot-text.ts'
import { columnsIn, indexAfter, numberOf, ordered, type Slot, slotsOf, tileSize } from '../../web/src/slots/slots.ts'

const UTC = { timeZone: 'UTC', locale: 'en-GB' }
const NOW = Date.parse('2026-11-29T14:00:00Z')
const at = (minutes: number) => new Date(NOW + minutes * 60_000).toISOString()

function container(number: number, state: Container['state'], more: Partial<Container> = {}): Container {
  const access = { host: 'localhost', port: 2200 + number, host_key: null, known_hosts: null }
  const name = `alpine-${number}`
  return {
    name,
    pool: 'alpine',
    state,
    since: at(-2),
    generation: 1,
    reservation: null,
    attempts: 0,
    retry_at: null,
    error: null,
    ...access,
    ...more,
  }
}

const ALICE = {
  id: 'r1',
  pool: 'alpine',
  owner: 'ada',
  username: 'alice',
  active_at: at(-30),
  expires_at: at(30),
} as Reservation

const sources = (containers: readonly Container[], size: number) => ({
  pool: { name: 'alpine', size },
  containers,
  reservations: new Map([[ALICE.id, ALICE]]),
  me: 'ada',
  now: NOW,
})

describe('slots of a pool', () => {
  it('are in the order of their numbers, whatever the order of the list', () => {
    const slots = slotsOf(sources([container(10, 'ready'), container(2, 'ready'), container(1, 'broken')], 3))
    deepEqual(
      slots.map(({ name, state }) => `${name} ${state}`),
      [
        'alpine-1 broken',
        'alpine-2 ready',
        ...[3, 4, 5, 6, 7, 8, 9].map((n) => `alpine-${n} missing`),
        'alpine-10 ready',
      ],
    )
  })

  it('are those of this pool only', () => {
    const [slot] = slotsOf(sources([container(1, 'ready', { name: 'ci-1', pool: 'ci' })], 1))
    equal(slot?.state, 'missing')
  })

  it('show the holder, the end and how much of the time is left', () => {
    const [slot] = slotsOf(sources([container(1, 'reserved', { reservation: 'r1' })], 1))
    deepEqual([slot?.holder, slot?.isOwn, slot?.endsAt, slot?.level], ['alice', true, at(30), 8])
  })

  it('are full if the caller may not know the holder', () => {
    const [slot] = slotsOf(sources([container(1, 'reserved')], 1))
    deepEqual([slot?.holder, slot?.isOwn, slot?.endsAt, slot?.level], [null, false, null, 16])
  })

  it('show an error only while it matters', () => {
    const slots = slotsOf(
      sources([container(1, 'broken', { error: 'no image' }), container(2, 'ready', { error: 'old' })], 2),
    )
    deepEqual(
      slots.map(({ error }) => error),
      ['no image', null],
    )
  })

  it('are ordered by number, holder or end', () => {
    const some = [
      { name: 'a-1', number: 1, holder: null, endsAt: null },
      { name: 'a-2', number: 2, holder: 'bob', endsAt: at(5) },
      { name: 'a-3', number: 3, holder: 'alice', endsAt: at(9) },
      { name: 'a-4', number: 4, holder: 'alice', endsAt: at(9) },
    ] as Slot[]
    const numbers = (order: 'number' | 'holder' | 'end') => ordered(some, order).map(({ number }) => number)
    deepEqual(
      [numbers('number'), numbers('holder'), numbers('end')],
      [
        [1, 2, 3, 4],
        [3, 4, 2, 1],
        [2, 3, 4, 1],
      ],
    )
  })
})

describe('the map', () => {
  const sizes: readonly [slots: number, width: number, height: number][] = [
    [1, 168, 64],
    [30, 168, 64],
    [31, 92, 36],
    [120, 92, 36],
    [121, 28, 28],
    [400, 28, 28],
    [401, 14, 14],
    [1_000, 14, 14],
  ]
  for (const [slots, width, height] of sizes) {
    it(`has tiles of ${width}×${height} for ${slots} slots`, () => {
      const size = tileSize(slots)
      deepEqual([size.width, size.height], [width, height])
    })
  }

  const columns: readonly [width: number, slots: number, expected: number][] = [
    [1_000, 10, 5],
    [343, 10, 1],
    [344, 10, 2],
    [60, 10, 1],
    [1_000, 1_000, 50],
    [798, 1_000, 50],
    [797, 1_000, 40],
    [340, 1_000, 20],
    [100, 1_000, 6],
  ]
  for (const [width, slots, expected] of columns) {
    it(`has ${expected} of ${slots} tiles in a row of ${width} px`, () =>
      equal(columnsIn(width, tileSize(slots)), expected))
  }

  const keys: readonly [key: string, ctrl: boolean, from: number, to: number | null][] = [
    ['ArrowRight', false, 0, 1],
    ['ArrowRight', false, 11, 11],
    ['ArrowLeft', false, 0, 0],
    ['ArrowDown', false, 1, 6],
    ['ArrowDown', false, 8, 8],
    ['ArrowUp', false, 6, 1],
    ['Home', false, 7, 5],
    ['End', false, 7, 9],
    ['End', false, 10, 11],
    ['Home', true, 7, 0],
    ['End', true, 7, 11],
    ['a', false, 7, null],
  ]
  for (const [key, ctrl, from, to] of keys) {
    it(`leads from ${from} with ${ctrl ? 'Ctrl+' : ''}${key} to ${to}`, () =>
      equal(indexAfter(key, ctrl, { index: from, columns: 5, count: 12 }), to))
  }

  it('reads the number of a container', () => deepEqual(['alpine-3', 'a-b-12', 'x'].map(numberOf), [3, 12, 0]))
})

describe('a slot in words', () => {
  const base = slotsOf(sources([container(1, 'reserved', { reservation: 'r1' })], 1))[0] as Slot
  const cases: readonly [slot: Slot, label: string, detail: string][] = [
    [base, 'alpine-1, reserved, yours (alice)', 'reserved by alice, 30 min left, until 14:30'],
    [{ ...base, isOwn: false }, 'alpine-1, reserved, alice', 'reserved by alice, 30 min left, until 14:30'],
    [{ ...base, isOwn: false, holder: null, endsAt: null }, 'alpine-1, reserved', 'reserved by another user'],
    [{ ...base, state: 'ready', holder: null, isOwn: false, endsAt: null }, 'alpine-1, ready', 'ready for 2 min'],
    [
      { ...base, state: 'broken', holder: null, isOwn: false, endsAt: null, error: 'no such image' },
      'alpine-1, broken, no such image',
      'broken for 2 min: no such image',
    ],
    [
      { ...base, state: 'missing', holder: null, isOwn: false, endsAt: null, since: null },
      'alpine-1, no container yet',
      'no container yet',
    ],
  ]
  for (const [slot, label, detail] of cases) {
    it(label, () => deepEqual([slotLabel(slot), slotDetail(slot, NOW, UTC)], [label, detail]))
  }
})
