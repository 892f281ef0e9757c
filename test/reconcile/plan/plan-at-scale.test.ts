/** Plans of a large installation are those of a small one, and do not fail because of the number of rows. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { nextDue, nextEnd, plan, planEnds, planRequests } from '../../../src/reconcile/plan/plan.ts'
import { owning } from '../../../lab/database-mark.ts'
import { container, NOW, observed, pool, reservation } from '../../../lab/rows.ts'

const MANY = 200_000
const numbers = Array.from({ length: MANY }, (_, index) => index + 1)
const holds = (number: number) => [{ container: `p-${number}`, accountGeneration: 1 }]

const snapshot = {
  containers: numbers.map((number) => container({ number, state: 'reserved' })),
  reservations: numbers.map((number) => reservation({ id: `r${number}`, holds: holds(number) })),
  sizes: new Map<string, number>(),
}
const pools = [pool({ size: MANY })]
const input = {
  pools,
  snapshot,
  observed: numbers.map((number) => observed({ name: `p-${number}` })),
  missingImages: [],
  unreachable: new Set<string>(),
  lostNodes: new Set<string>(),
  peerNetworks: [],
  peerNames: new Map<string, string>(),
  specDigest: () => 'digest',
  ownership: owning(),
  busy: new Set<never>(),
}

describe(`a plan for ${MANY} reserved containers`, () => {
  it('is empty while nothing is due', () => {
    assert.deepEqual(planEnds({ pools, snapshot }, NOW), [])
    assert.deepEqual(planRequests({ pools, snapshot }, NOW), [])
    assert.deepEqual(plan(input, NOW), [])
  })

  it('knows what is due next', () => {
    assert.equal(nextEnd(snapshot, NOW), NOW + 55_000)
    assert.ok(nextDue(snapshot, NOW) > NOW)
  })

  it('finds the one row that is missing, the one leftover, and the one name that is listed twice', () => {
    const [, ...rest] = snapshot.containers
    const short = { ...snapshot, containers: rest }
    assert.deepEqual(planRequests({ pools, snapshot: short }, NOW), [
      { type: 'add', slots: [{ pool: 'p', number: 1, port: 2_221 }] },
    ])
    const old = { createdAt: NOW - 600_000 }
    const leftover = observed({ ...old, name: 'p-0', id: 'leftover' })
    const twice = observed({ ...old, name: 'p-7', id: 'second' })
    const gone = input.observed.filter(({ name }) => name !== 'p-7')
    const actions = plan(
      { ...input, observed: [...gone, leftover, twice, observed({ name: 'p-7', state: 'exited' })] },
      NOW,
    )
    assert.deepEqual(
      actions.map((action) => [
        action.type,
        'stale' in action ? action.stale : 'observed' in action && action.observed.id,
      ]),
      [
        ['restore', [twice]],
        ['sweep', 'leftover'],
      ],
    )
  })
})
