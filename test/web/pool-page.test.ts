import { deepEqual, equal } from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Container } from '../../src/client/client.ts'
import { extendedText, extensionOf } from '../../web/src/actions/extension.ts'
import { namesOf } from '../../web/src/actions/reservation-names.ts'
import { bytesText } from '../../web/src/pages/pools/pool-facts.ts'
import { planText, sizePlan } from '../../web/src/pages/pools/size-plan.ts'

const UTC = { timeZone: 'UTC', locale: 'en-GB' }
const NOW = Date.parse('2026-11-29T14:00:00Z')

/** Numbers 1 to 5, of which 2 and 5 are reserved, and one of another pool. */
const CONTAINERS = [
  ...['ready', 'reserved', 'ready', 'ready', 'reserved'].map((state, nth) => ({
    name: `alpine-${nth + 1}`,
    pool: 'alpine',
    state: state as Container['state'],
  })),
  { name: 'ci-9', pool: 'ci', state: 'ready' as const },
]
const POOL = { name: 'alpine', containers: { ready: 3, reserved: 2 }, ports: 9 }

describe('a new size', () => {
  const cases: readonly [typed: string, text: string][] = [
    ['5', ''],
    ['4', 'alpine-5 is removed when it is released.'],
    ['2', 'alpine-3, alpine-4 are removed at once. alpine-5 is removed when it is released.'],
    [' 6 ', 'alpine-6 is created.'],
    ['9', 'alpine-6, alpine-7, alpine-8, alpine-9 are created.'],
    ['1', '2 are reserved: release some first'],
    ['10', 'At most 9: the pool has no more SSH ports in berth.yml'],
    ['-1', 'A whole number from 2 to 9'],
    ['', 'A whole number from 2 to 9'],
    ['2.5', 'A whole number from 2 to 9'],
  ]
  for (const [typed, text] of cases) {
    it(`“${typed}”: ${text}`, () => {
      const plan = sizePlan(POOL, CONTAINERS, typed)
      equal(plan.problem ?? planText(plan), text)
    })
  }

  it('omits slots that are already being removed, and shortens long lists', () => {
    const removing = { name: 'alpine-7', pool: 'alpine', state: 'removing' as const }
    deepEqual(sizePlan(POOL, [...CONTAINERS, removing], '6').now, [])
    const large = { name: 'alpine', containers: {}, ports: 100 }
    equal(planText(sizePlan(large, [], '20')), 'alpine-1 to alpine-20 (20) are created.')
  })
})

describe('an extension', () => {
  it("is half an hour, or the pool's default if that is shorter", () => {
    deepEqual(
      [
        extensionOf({ duration_default_seconds: 3_600 }),
        extensionOf({ duration_default_seconds: 300 }),
        extensionOf(undefined),
      ],
      ['1800s', '300s', '1800s'],
    )
  })

  it('is reported with the new end', () => {
    equal(extendedText({ names: 'alpine-3', expiresAt: '2026-11-29T15:40:00Z' }, NOW, UTC), 'alpine-3: until 15:40')
  })
})

describe('names', () => {
  const reservation = (count: number) => ({
    username: 'alice',
    pool: 'alpine',
    containers: Array.from({ length: count }, (_, nth) => ({ name: `alpine-${nth + 1}` })) as never,
  })
  const cases: readonly [count: number, text: string][] = [
    [0, 'alice in alpine'],
    [1, 'alpine-1'],
    [3, 'alpine-1, alpine-2, alpine-3'],
    [4, 'alpine-1, alpine-2, alpine-3, alpine-4'],
    [50, 'alpine-1, alpine-2, alpine-3 and 47 more'],
  ]
  for (const [count, text] of cases)
    it(`of ${count} containers: ${text}`, () => equal(namesOf(reservation(count)), text))

  it('of sizes', () =>
    deepEqual([0, 1_023, 1_536, 2 ** 29, 3 * 2 ** 30].map(bytesText), ['0 B', '1023 B', '1.5 KiB', '512 MiB', '3 GiB']))
})
