/** What wakes the reconciler after a reserve: a look at an engine with many containers costs more than the reserve. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BerthError } from '../../src/domain/errors.ts'
import { ANONYMOUS } from '../../src/domain/identity.ts'
import { onCall } from '../../lab/faulty.ts'
import { NOW, pool } from '../../lab/rows.ts'
import { createWorld, type World } from '../../lab/world.ts'

const MINUTE = 60_000
const P = pool()

async function filled(options: Parameters<typeof createWorld>[0] = {}): Promise<World> {
  const world = await createWorld(options)
  await world.settle()
  return world
}

function reserve(
  world: World,
  request: { durationMs?: number; reachPeers?: boolean; keepaliveMs?: number; count?: number; waitMs?: number },
) {
  const { durationMs = MINUTE, count = 1, reachPeers = true, ...more } = request
  return world.reservations.reserve(
    { pool: { ...P, reachPeers }, username: 'alice', password: 'test', durationMs, count, ...more },
    ANONYMOUS,
  )
}

describe('a reserve', () => {
  it('that went well wants nothing before its first warning', async () => {
    const world = await filled()
    await reserve(world, {})
    assert.deepEqual(world.wanted, [world.now() + MINUTE / 2])
  })

  it('wants its tenant warned before that, and ends when no keepalive call arrives', async () => {
    const world = await filled()
    await reserve(world, { durationMs: 15 * MINUTE })
    await reserve(world, { durationMs: 15 * MINUTE, keepaliveMs: 30_000 })
    assert.deepEqual(world.wanted, [world.now() + 5 * MINUTE, world.now() + 30_000])
  })

  it('of several containers wants them connected at once, where the pool connects them', async () => {
    for (const [reachPeers, expected] of [
      [true, [NOW + MINUTE / 2, 'now']],
      [false, [NOW + MINUTE / 2]],
    ] as const) {
      const world = await filled()
      await reserve(world, { count: 2, reachPeers })
      assert.deepEqual(world.wanted, expected)
    }
  })

  it('wants a look at once when a container did not work', async () => {
    const world = await filled()
    const broken = world.host.holderOf('p-1')
    if (broken) broken.state = 'exited'
    const { containers } = await reserve(world, {})
    assert.deepEqual([containers.map(({ name }) => name), world.wanted], [['p-2'], ['now']])
  })

  it('wants one when it failed, also when the failure could not be recorded', async () => {
    const error = new BerthError('engine_unavailable', 'no engine there')
    const full = new BerthError('database_unavailable', 'the disk is full')
    const faults = { accounts: onCall('createAccounts', 1, { when: 'before', error }) }
    const world = await filled({ faults })
    await assert.rejects(reserve(world, {}), error)
    assert.deepEqual(world.wanted, ['now'])
    const other = await filled({ faults: { ...faults, store: onCall('end', 1, { when: 'before', error: full }) } })
    await assert.rejects(reserve(other, {}), error)
    assert.deepEqual(other.wanted, ['now'])
  })

  it('wants one when it waits for its turn', async () => {
    const world = await filled()
    await reserve(world, { count: 3 })
    await reserve(world, { waitMs: MINUTE })
    // The first 'now' is for peers.
    assert.deepEqual(world.wanted, [world.now() + MINUTE / 2, 'now', 'now'])
  })
})
