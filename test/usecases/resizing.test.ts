/** Pools that grow and shrink while they are used. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ANONYMOUS, UNLIMITED } from '../../src/domain/identity.ts'
import { pool } from '../../lab/rows.ts'
import { createWorld, type World } from '../../lab/world.ts'

const ROOT = { name: 'root', role: 'admin', limits: UNLIMITED } as const
const HOUR = 3_600_000
/** Two containers, and ports for six. */
const P = pool({ size: 2, ports: [2221, 2222, 2223, 2224, 2225, 2226] })

async function filled(size = 2): Promise<World> {
  const world = await createWorld({ pools: [{ ...P, size }] })
  await world.settle()
  return world
}

const resize = (world: World, size: number | null) => world.admin.resize('p', size, ROOT)
const reserve = (world: World, username: string, count = 1, some: { waitMs?: number } = {}) => {
  const request = { pool: world.pools.named('p') ?? P, username, password: 'x', count, durationMs: HOUR }
  return world.reservations.reserve({ ...request, ...some }, ANONYMOUS)
}
const release = (world: World, id: string) => world.reservations.release(id, ANONYMOUS)
const sizes = async (world: World) => Object.fromEntries((await world.store.snapshot()).sizes)
const scaled = async (world: World) => {
  const events = await world.store.events({ after: 0, limit: 100, kind: 'pool.scaled' })
  return events.map(({ by, pool: name, detail }) => `${name} ${detail} by ${by}`)
}

describe('resizing', () => {
  it('grows: more containers, on the ports of their numbers', async () => {
    const world = await filled()
    assert.equal((await resize(world, 4)).size, 4)
    await world.settle()
    assert.deepEqual(await world.states(), ['p-1 ready 1', 'p-2 ready 1', 'p-3 ready 1', 'p-4 ready 1'])
    assert.deepEqual(
      (await world.store.snapshot()).containers.map((c) => c.port),
      [2221, 2222, 2223, 2224],
    )
    assert.equal((await reserve(world, 'alice', 4)).containers.length, 4)
    assert.deepEqual(await scaled(world), ['p 4 by root'])
  })

  it('shrinks: the highest numbers are destroyed at once', async () => {
    const world = await filled(4)
    await resize(world, 1)
    assert.deepEqual(await world.states(), ['p-1 ready 1', 'p-2 removing 1', 'p-3 removing 1', 'p-4 removing 1'])
    await world.settle()
    assert.deepEqual(await world.states(), ['p-1 ready 1'])
    assert.deepEqual(
      world.host.all().map((c) => c.spec.name),
      ['p-1'],
    )
  })

  it('shrinks to nothing, and reserved containers go when they are released', async () => {
    const world = await filled(3)
    const { reservation } = await reserve(world, 'alice', 2)
    await resize(world, 2)
    await release(world, reservation.id)
    await resize(world, 0)
    await world.settle()
    assert.deepEqual([await world.states(), world.host.all()], [[], []])
  })

  it('never goes below what is reserved', async () => {
    const world = await filled(4)
    const { reservation } = await reserve(world, 'alice', 3)
    const message = '3 of its containers are reserved; release some first, or ask for at least 3'
    await assert.rejects(resize(world, 2), { code: 'conflict', message })
    assert.deepEqual([await sizes(world), world.pools.named('p')?.size, await scaled(world)], [{}, 4, []])
    await resize(world, 3)
    await release(world, reservation.id)
    await resize(world, 2)
  })

  it('applies to a size in berth.yml below the number of reserved containers, too', async () => {
    const world = await filled(2)
    await resize(world, 4)
    await world.settle()
    await reserve(world, 'alice', 3)
    await assert.rejects(resize(world, null), { code: 'conflict' })
    assert.deepEqual([await sizes(world), world.pools.named('p')?.size], [{ p: 4 }, 4])
  })

  it('removes reserved slots when they are released, not before', async () => {
    const world = await filled(4)
    const held = [
      await reserve(world, 'a'),
      await reserve(world, 'b'),
      await reserve(world, 'c'),
      await reserve(world, 'd'),
    ]
    const [a, b, , d] = held.map(({ reservation }) => reservation.id)
    await release(world, a ?? '')
    await release(world, b ?? '')
    await world.settle()
    await resize(world, 2)
    await world.settle()
    assert.deepEqual(await world.states(), ['p-1 ready 2', 'p-2 ready 2', 'p-3 reserved 1', 'p-4 reserved 1'])
    assert.deepEqual(world.logins(), ['c@p-3', 'd@p-4'])
    await release(world, d ?? '')
    await world.settle()
    assert.deepEqual(await world.states(), ['p-1 ready 2', 'p-2 ready 2', 'p-3 reserved 1'])
    world.advance(HOUR)
    await world.settle()
    assert.deepEqual(await world.states(), ['p-1 ready 2', 'p-2 ready 2'])
    assert.equal(world.host.all().length, 2)
  })

  it('restores a lost reserved container in a slot beyond the size', async () => {
    const world = await filled(2)
    await reserve(world, 'a')
    const { reservation } = await reserve(world, 'b')
    await release(world, 'r1')
    await world.settle()
    await resize(world, 1)
    world.host.disturb(world.host.holderOf('p-2')?.id ?? '', null)
    await world.settle()
    assert.deepEqual(world.logins(), ['b@p-2'])
    await release(world, reservation.id)
    await world.settle()
    assert.deepEqual(await world.states(), ['p-1 ready 2'])
  })

  it('survives a restart, and null goes back to berth.yml', async () => {
    const world = await filled(2)
    await resize(world, 4)
    await world.restart([{ ...P, size: 2 }])
    await world.settle()
    assert.equal((await world.states()).length, 4)
    assert.equal(world.pools.named('p')?.size, 4)
    assert.equal((await resize(world, null)).size, 2)
    await world.settle()
    assert.deepEqual(await world.states(), ['p-1 ready 1', 'p-2 ready 1'])
    assert.deepEqual([await sizes(world), await scaled(world)], [{}, ['p 4 by root', 'p 2, as in berth.yml by root']])
  })

  it('has at most as many slots as ports, also after berth.yml lost some', async () => {
    const world = await filled(2)
    await assert.rejects(resize(world, 7), (error: Error & { code: string; violations: unknown }) => {
      assert.deepEqual(error.violations, [
        { path: 'size', message: 'must be at most 6, the number of its ports in berth.yml, got 7' },
      ])
      return error.code === 'invalid_request'
    })
    await resize(world, 6)
    await world.restart([{ ...P, ports: P.ports.slice(0, 3) }])
    await world.settle()
    assert.deepEqual(await world.states(), ['p-1 ready 1', 'p-2 ready 1', 'p-3 ready 1'])
  })

  it('of an unknown pool is not_found', async () => {
    const world = await filled()
    await assert.rejects(world.admin.resize('q', 1, ROOT), { code: 'not_found' })
  })

  it('is idempotent', async () => {
    const world = await filled(4)
    await reserve(world, 'a', 4)
    await release(world, 'r1')
    await world.settle()
    const { reservation } = await reserve(world, 'b', 4)
    assert.equal((await resize(world, 4)).size, 4)
    assert.equal((await resize(world, 4)).size, 4)
    await release(world, reservation.id)
    assert.equal((await resize(world, null)).size, 4)
    assert.equal((await resize(world, null)).size, 4)
    assert.deepEqual(await scaled(world), ['p 4 by root', 'p 4, as in berth.yml by root'])
  })
})

describe('resizing again', () => {
  for (const ticks of [0, 1, 2, 3, 4]) {
    it(`to grow ${ticks} ticks after shrinking ends with all containers`, async () => {
      const world = await filled(4)
      await resize(world, 1)
      for (let tick = 0; tick < ticks; tick += 1) await world.reconciler.tick()
      await resize(world, 3)
      await world.settle()
      assert.deepEqual(
        (await world.states()).map((row) => row.replace(/ \d+$/, '')),
        ['p-1 ready', 'p-2 ready', 'p-3 ready'],
      )
      assert.deepEqual(
        world.host
          .all()
          .map((c) => c.spec.name)
          .toSorted(),
        ['p-1', 'p-2', 'p-3'],
      )
    })
  }

  it('to grow before a reserved container is released leaves it alone', async () => {
    const world = await filled(2)
    await reserve(world, 'a')
    await reserve(world, 'b')
    await release(world, 'r1')
    await world.settle()
    await resize(world, 1)
    await world.settle()
    await resize(world, 2)
    await release(world, 'r2')
    await world.settle()
    assert.deepEqual(await world.states(), ['p-1 ready 2', 'p-2 ready 2'])
  })
})

describe('a container beyond the new size', () => {
  it('is not lent from the answer on', async () => {
    const world = await filled(3)
    const wanted = world.pools.named('p') ?? P
    await resize(world, 1)
    // Like a request that came before the resize and claims only now.
    const request = { pool: wanted, username: 'a', password: 'x', count: 2, durationMs: HOUR }
    await assert.rejects(world.reservations.reserve(request, ANONYMOUS), { message: 'Only 1 container available' })
    assert.deepEqual(
      (await reserve(world, 'b')).containers.map((c) => c.name),
      ['p-1'],
    )
  })

  it('is not lent even if a build under way has finished it since', async () => {
    const world = await filled(2)
    await resize(world, 1)
    const row = await world.store.container('p-2')
    assert.ok(row && (await world.store.updateContainer(row, { state: 'ready' }, world.now())))
    await assert.rejects(reserve(world, 'a', 2), { message: /^count must be at most 1,/ })
    await reserve(world, 'a', 1)
    await assert.rejects(reserve(world, 'b', 1), { message: 'Only 0 containers available' })
    await world.settle()
    assert.deepEqual(await world.states(), ['p-1 reserved 1'])
  })

  it('is not finished by a build that was under way', async () => {
    const world = await filled(2)
    const [reached, opened] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const survey = world.accounts.survey.bind(world.accounts)
    world.accounts.survey = async (target) => {
      reached.resolve()
      await opened.promise
      return survey(target)
    }
    await resize(world, 4)
    await world.reconciler.tick()
    await reached.promise
    await resize(world, 2)
    opened.resolve()
    await world.reconciler.idle()
    await world.settle()
    assert.deepEqual(await world.states(), ['p-1 ready 1', 'p-2 ready 1'])
    assert.equal(world.host.all().length, 2)
  })

  it('is not lent to any of many concurrent requests while the size goes up and down', async () => {
    const world = await filled(6)
    const asked: Promise<unknown>[] = []
    for (let round = 0; round < 12; round += 1) {
      asked.push(reserve(world, `u${round}`).catch(() => null))
      asked.push(resize(world, 1 + (round % 6)).catch(() => null))
      if (round % 3 === 0) await world.reconciler.tick()
    }
    await Promise.all(asked)
    await world.settle()
    const { containers, reservations } = await world.store.snapshot()
    assert.equal(world.logins().length, reservations.length)
    const size = world.pools.named('p')?.size ?? 0
    for (const c of containers) assert.ok(c.number <= size || c.state === 'reserved', `${c.name} ${c.state}`)
    await world.reservations.releaseAll({}, ANONYMOUS)
    await world.settle()
    assert.deepEqual((await world.states()).length, size)
    assert.equal(world.host.all().length, size)
  })
})

describe('waiting for more containers than the pool will have', () => {
  it('shows the problem, and those behind it in the queue are served', async () => {
    const world = await filled(4)
    await reserve(world, 'a', 2)
    const large = await reserve(world, 'b', 3, { waitMs: HOUR })
    const small = await reserve(world, 'c', 1, { waitMs: HOUR })
    assert.deepEqual([large.reservation.state, small.reservation.state], ['waiting', 'waiting'])
    await resize(world, 2)
    await world.settle()
    const ended = await world.store.reservation(large.reservation.id)
    assert.deepEqual([ended?.state, ended?.outcome, ended?.reason], ['ended', 'failed', 'p has only 2 containers now'])
    assert.equal((await world.store.reservation(small.reservation.id))?.state, 'waiting')
    await release(world, 'r1')
    await world.settle()
    assert.deepEqual(world.logins(), ['c@p-1'])
  })
})
