/** What must be so of a world, whatever has gone wrong in it. */
import assert from 'node:assert/strict'
import { examine } from '../../../src/reconcile/findings.ts'
import { specOf } from '../../../src/domain/pool.ts'
import { isActive, isDue } from '../../../src/domain/reservation.ts'
import { specDigest } from '../../../src/engine/labels.ts'
import { INSTANCE, type World } from '../../../lab/world.ts'

/** Nobody is in a container that is not theirs, at any moment. */
export async function assertNoIntruder(world: World): Promise<void> {
  const { reservations } = await world.store.snapshot()
  const entitled = new Set(reservations.flatMap((r) => r.holds.map((h) => `${r.username}@${h.container}`)))
  for (const login of world.logins()) assert.ok(entitled.has(login), `${login} has no reservation`)
  const held = reservations.flatMap((r) => r.holds.map((h) => h.container))
  assert.equal(new Set(held).size, held.length, 'a container is held twice')
  // Users of a world have different names, so two of them in one container were two tenants of one generation.
  for (const [id, users] of world.accounts.users) {
    assert.ok(users.size <= 1, `${[...users].join(' and ')} were both in ${id.slice(0, 8)}`)
  }
}

/** Once all is quiet: who may be in can be, nobody else is, everything else is ready, and database and engine agree. */
export async function assertHealthy(world: World): Promise<void> {
  await assertNoIntruder(world)
  const { containers, reservations } = await world.store.snapshot()
  const entitled = reservations
    .filter((r) => isActive(r, world.now()))
    .flatMap((r) => r.holds.map((h) => `${r.username}@${h.container}`))
  assert.deepEqual(world.logins(), entitled.toSorted())
  const held = new Set(reservations.flatMap((r) => r.holds.map((h) => h.container)))
  for (const c of containers) assert.equal(c.state, held.has(c.name) ? 'reserved' : 'ready', `${c.name}: ${c.error}`)
  assert.equal(world.host.all().length, containers.length, 'the engine has something that nobody knows of')
  assert.deepEqual(await findings(world), [])
}

/** What `berth doctor` would say. */
async function findings(world: World): Promise<string[]> {
  const observed = await world.list()
  const found = examine(
    {
      pools: world.pools.all(),
      snapshot: await world.store.snapshot(),
      observed,
      unreachable: new Set(world.host.nodes.unreachable()),
      ownership: await world.ownershipOf(observed),
      specDigest: (pool, number) =>
        specDigest(specOf(INSTANCE, pool, { number, port: pool.ports[number - 1] ?? 0, generation: null })),
      patienceMs: 0,
    },
    world.now(),
  )
  return found.map(({ container, kind, detail }) => `${container} ${kind}: ${detail}`)
}

/**
 * Longer than any preparation may take and than the pauses between attempts; then time for what that caused. Calls take
 * time, so an end may be reached just after the last tick: then there is one more.
 */
export async function quiet(world: World): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    world.advance(40_000)
    await world.settle()
  }
  const { reservations } = await world.store.snapshot()
  if (reservations.some((one) => isDue(one, world.now()))) await world.settle()
}
