import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { type Container, oldestUncleanMs } from '../../src/domain/container.ts'
import { ANONYMOUS } from '../../src/domain/identity.ts'
import { BerthError } from '../../src/domain/errors.ts'
import { specOf } from '../../src/domain/pool.ts'
import { openMemory } from '../../src/engine/memory/engine.ts'
import { eventually } from '../../lab/eventually.ts'
import { type FaultRule, onCall } from '../../lab/faulty.ts'
import { pool } from '../../lab/rows.ts'
import { createWorld, type World } from '../../lab/world.ts'

const MINUTE = 60_000
const P = pool()
const INSTANCE = { name: 'test', bind: '127.0.0.1' }

async function filled(options: Parameters<typeof createWorld>[0] = {}): Promise<World> {
  const world = await createWorld(options)
  await world.settle()
  return world
}

const reserve = (world: World, username: string, count = 1) =>
  world.reservations.reserve({ pool: P, username, password: 'test', count, durationMs: MINUTE }, ANONYMOUS)

function disturb(world: World, name: string, state: 'exited' | 'dead' | 'paused' | 'unplugged' | null): void {
  const container = world.host.holderOf(name)
  assert.ok(container)
  world.host.disturb(container.id, state)
}

describe('filling a pool', () => {
  it('makes what is missing', async () => {
    const world = await filled()
    assert.deepEqual(await world.states(), ['p-1 ready 1', 'p-2 ready 1', 'p-3 ready 1'])
    assert.deepEqual(
      await world.store.poolFacts(),
      new Map([['p', { os: 'Memory 1', names: ['root', 'sshd', 'nobody', 'sudo'] }]]),
    )
  })

  it('adopts what Ansible made for this database, and leaves alone what was lent since', async () => {
    const world = await createWorld()
    const ansible = openMemory({ database: world.database, instance: 'test', host: world.host })
    const ids: string[] = []
    for (const number of [1, 2]) {
      const id = await ansible.create(specOf(INSTANCE, P, { number, port: 2_220 + number, generation: null }))
      await ansible.start(id)
      ids.push(id)
    }
    const [clean = '', used = ''] = ids
    await ansible.lend([used], 'of-a-lost-database')
    await world.settle()
    assert.equal(world.host.holderOf('p-1')?.id, clean)
    assert.equal(world.host.holderOf('p-2')?.id, used)
    assert.deepEqual(await world.states(), ['p-1 ready 1', 'p-2 broken 0', 'p-3 ready 1'])
    assert.match((await world.store.container('p-2'))?.error ?? '', /left alone: it was lent/)
    assert.ok(world.logged.some((line) => line.includes('p-2: it was lent')))
  })

  it('replaces what a manager made whose database is gone', async () => {
    const first = await filled()
    const orphaned = first.host.all().map((c) => c.spec)
    const world = await createWorld()
    for (const spec of orphaned) world.host.add(spec, first.database).state = 'running'
    world.gone.add(first.database.id)
    const before = new Set(world.host.all().map((c) => c.id))
    await world.settle()
    assert.equal(world.host.all().length, 3)
    assert.ok(world.host.all().every((c) => !before.has(c.id)))
  })

  it('tries again, ever more slowly, and calls it broken', async () => {
    const world = await createWorld({ pools: [pool({ size: 1 })] })
    world.host.occupy(2_221)
    const pauses: number[] = []
    for (let failure = 1; failure <= 5; failure += 1) {
      await world.settle()
      const row = (await world.store.snapshot()).containers[0]
      assert.equal(row?.attempts, failure)
      assert.match(row.error ?? '', /port 2221 is taken/)
      assert.equal(row.state, failure < 3 ? 'creating' : 'broken')
      pauses.push(row.retryAt - world.now())
      world.advance(row.retryAt - world.now())
    }
    assert.deepEqual(pauses, [500, 1_000, 2_000, 4_000, 8_000])
    world.host.vacate(2_221)
    await world.settle()
    assert.match((await world.states())[0] ?? '', /ready/)
  })

  it('counts how long a container has been broken over all attempts, until one succeeds', async () => {
    const world = await createWorld({ pools: [pool({ size: 1 })] })
    const began = world.now()
    world.host.occupy(2_221)
    const fail = async (times: number) => {
      for (let failure = 1; failure <= times; failure += 1) {
        await world.settle()
        const [row] = (await world.store.snapshot()).containers
        world.advance((row?.retryAt ?? 0) - world.now())
      }
    }
    await fail(8)
    const rows = (await world.store.snapshot()).containers
    assert.deepEqual(
      rows.map(({ state, since, attempts }) => ({ state, since, attempts })),
      [{ state: 'broken', since: began, attempts: 8 }],
    )
    assert.equal(oldestUncleanMs(rows, world.now()), world.now() - began)
    assert.ok(world.now() - began > MINUTE)
    const retried = rows.map((row): Container => ({ ...row, state: 'creating' }))
    assert.equal(oldestUncleanMs(retried, world.now()), world.now() - began, 'also while it is tried again')
    world.host.vacate(2_221)
    await world.settle()
    const repaired = (await world.store.snapshot()).containers
    assert.equal(oldestUncleanMs(repaired, world.now() + MINUTE), 0)
    assert.equal(repaired[0]?.since, world.now())
  })

  it('goes on after a create that timed out after it took effect', async () => {
    const error = new BerthError('engine_unavailable', 'timed out')
    const world = await filled({ faults: { engine: onCall('create', 1, { when: 'after', error }) } })
    assert.deepEqual(await world.states(), ['p-1 ready 1', 'p-2 ready 1', 'p-3 ready 1'])
    assert.equal(world.host.all().length, 3)
  })
})

describe('the end of a reservation', () => {
  it('is not kept waiting by a listing of the engine that takes its time', async () => {
    const slow = Promise.withResolvers<void>()
    let late = false
    const lists: FaultRule = (verb) => (late && verb === 'list' ? { when: 'late', until: slow.promise } : null)
    const world = await filled({ faults: { engine: lists } })
    await reserve(world, 'alice')
    assert.deepEqual(world.logins(), ['alice@p-1'])
    late = true
    const tick = world.reconciler.tick()
    await setImmediate()
    world.advance(MINUTE)
    await world.reconciler.enforceExpiry()
    await setImmediate()
    assert.deepEqual(world.logins(), [])
    slow.resolve()
    await tick
    await world.settle()
    assert.deepEqual(await world.states(), ['p-1 ready 2', 'p-2 ready 1', 'p-3 ready 1'])
    assert.equal(world.logged.filter((line) => line.includes('expired')).length, 1)
  })

  it('that takes long to be recorded keeps nobody else in', async () => {
    const slow = Promise.withResolvers<void>()
    const world = await filled({ faults: { store: onCall('end', 1, { when: 'late', until: slow.promise }) } })
    for (const name of ['alice', 'bob', 'carol']) await reserve(world, name)
    world.advance(MINUTE)
    const cut = world.reconciler.enforceExpiry()
    await eventually(async () => world.logins().length === 1)
    assert.deepEqual(world.logins(), ['alice@p-1'])
    slow.resolve()
    await cut
    await world.reconciler.idle()
    assert.deepEqual(world.logins(), [])
  })

  it('that was moved at the last moment is not taken for the one that was seen before', async () => {
    const slow = Promise.withResolvers<void>()
    const listed = Promise.withResolvers<void>()
    let late = false
    const lists: FaultRule = (verb) => {
      if (!late || verb !== 'list') return null
      listed.resolve()
      return { when: 'late', until: slow.promise }
    }
    const world = await filled({ faults: { engine: lists } })
    const { reservation } = await reserve(world, 'alice')
    world.advance(MINUTE - 1)
    late = true
    const tick = world.reconciler.tick()
    await listed.promise
    // The rows have been read, and say that it ends in a moment.
    const extended = await world.reservations.extend(reservation.id, (end) => end + MINUTE, ANONYMOUS)
    world.advance(1)
    slow.resolve()
    await tick
    await world.settle()
    assert.deepEqual(world.logins(), ['alice@p-1'])
    const after = await world.store.reservation(reservation.id)
    assert.deepEqual([after?.state, after?.expiresAt], ['active', extended.reservation.expiresAt])
  })

  it('is told once, when both loops see that it is due', async () => {
    const world = await filled()
    await reserve(world, 'alice')
    world.advance(MINUTE)
    await Promise.all([world.reconciler.tick(), world.reconciler.enforceExpiry()])
    await world.settle()
    assert.deepEqual(world.logins(), [])
    assert.equal(world.logged.filter((line) => line.includes('expired')).length, 1)
  })
})

describe('a playbook of the pool', () => {
  const prepared = [pool({ prepare: '/site.yml' })]

  it('runs once for all new containers, before they are ready', async () => {
    const world = await filled({ pools: prepared })
    assert.deepEqual(world.accounts.prepared, [['p-1', 'p-2', 'p-3']])
    assert.deepEqual(await world.states(), ['p-1 ready 1', 'p-2 ready 1', 'p-3 ready 1'])
  })

  it('makes the container broken when it fails, with the reason, and the others ready', async () => {
    const world = await createWorld({ pools: prepared })
    const prepare = world.accounts.prepare.bind(world.accounts)
    world.accounts.prepare = async (targets) => {
      const outcomes = new Map(await prepare(targets))
      outcomes.set('p-2', new BerthError('guest_failed', 'task "install": no such package'))
      return outcomes
    }
    await world.settle()
    assert.deepEqual(await world.states(), ['p-1 ready 1', 'p-2 broken 1', 'p-3 ready 1'])
    const { containers } = await world.store.snapshot()
    assert.equal(containers[1]?.error, 'task "install": no such package')
  })
})

describe('a ready container', () => {
  for (const state of ['exited', 'paused', 'unplugged', null] as const) {
    it(`that is ${state ?? 'gone'} is replaced`, async () => {
      const world = await filled()
      disturb(world, 'p-2', state)
      await world.settle()
      world.advance(1_000)
      await world.settle()
      assert.deepEqual(await world.states(), ['p-1 ready 1', 'p-2 ready 2', 'p-3 ready 1'])
    })
  }
})

describe('a held container', () => {
  it('that is down is started again, with everything in it', async () => {
    const world = await filled()
    await reserve(world, 'alice')
    const id = world.host.holderOf('p-1')?.id
    disturb(world, 'p-1', 'exited')
    await world.settle()
    assert.equal(world.host.holderOf('p-1')?.id, id)
    assert.deepEqual(world.logins(), ['alice@p-1'])
  })

  it('gets its account once in each generation: nothing is done as root where its tenant has been', async () => {
    const world = await filled()
    const opened: string[] = []
    const open = world.accounts.createAccounts.bind(world.accounts)
    world.accounts.createAccounts = async (targets, ...rest) => {
      opened.push(...targets.map(({ name }) => name))
      return open(targets, ...rest)
    }
    await reserve(world, 'alice')
    for (const state of ['exited', 'unplugged', 'paused'] as const) {
      disturb(world, 'p-1', state)
      await world.settle()
      world.advance(10_000)
    }
    assert.deepEqual(opened, ['p-1'])
    disturb(world, 'p-1', null)
    await world.settle()
    assert.deepEqual(opened, ['p-1', 'p-1'], 'another generation')
  })

  it('that was taken off its network is put back', async () => {
    const world = await filled()
    await reserve(world, 'alice')
    const { id = '' } = world.host.holderOf('p-1') ?? {}
    disturb(world, 'p-1', 'unplugged')
    await world.settle()
    assert.deepEqual([world.host.find(id)?.unplugged, world.logins()], [false, ['alice@p-1']])
    assert.equal((await world.store.container('p-1'))?.error, null, 'nothing is wrong with it any more')
    assert.ok(world.logged.some((line) => /p-1 is put back.*cut off from its network/.test(line)))
  })

  it('whose time is up is cut off even when that cannot be recorded, and recorded later', async () => {
    let full = false
    const error = new BerthError('database_unavailable', 'its disk is full')
    const world = await filled({
      faults: { store: (verb) => (full && verb === 'end' ? { when: 'before', error } : null) },
    })
    await reserve(world, 'alice')
    await reserve(world, 'bob')
    world.advance(MINUTE)
    full = true
    await assert.rejects(world.reconciler.tick(), error)
    await world.reconciler.idle()
    assert.deepEqual(world.logins(), [], 'both of them')
    assert.deepEqual((await world.states())[0], 'p-1 reserved 1')
    full = false
    await world.settle()
    assert.deepEqual(await world.states(), ['p-1 ready 2', 'p-2 ready 2', 'p-3 ready 1'])
  })

  it('that is gone is replaced under its reservation, with the same account', async () => {
    const world = await filled()
    await reserve(world, 'alice')
    disturb(world, 'p-1', null)
    await world.settle()
    assert.deepEqual(world.logins(), ['alice@p-1'])
    assert.deepEqual((await world.states())[0], 'p-1 reserved 2')
    const { reservations } = await world.store.snapshot()
    assert.deepEqual(reservations[0]?.holds, [{ container: 'p-1', accountGeneration: 2 }])
  })

  it('that is dead, because its engine cannot start it again, is replaced at once', async () => {
    const world = await filled()
    await reserve(world, 'alice')
    disturb(world, 'p-1', 'dead')
    await world.settle()
    assert.deepEqual(world.logins(), ['alice@p-1'])
    assert.deepEqual((await world.states())[0], 'p-1 reserved 2')
  })

  it('that will not stay up is replaced in the end', async () => {
    const world = await filled()
    await world.reservations.reserve(
      { pool: P, username: 'alice', password: 'x', count: 1, durationMs: 60 * MINUTE },
      ANONYMOUS,
    )
    const began = world.now()
    while ((await world.states())[0] === 'p-1 reserved 1') {
      disturb(world, 'p-1', 'exited')
      const { retryAt = 0 } = (await world.store.container('p-1')) ?? {}
      world.advance(Math.max(0, retryAt - world.now()))
      await world.settle()
    }
    assert.deepEqual(world.logins(), ['alice@p-1'])
    assert.deepEqual((await world.states())[0], 'p-1 reserved 2')
    const seconds = (world.now() - began) / 1_000
    assert.ok(seconds > 60 && seconds < 120, `given up after ${seconds} s`)
  })

  it('keeps its work however often the engine restarts under it', async () => {
    const world = await filled()
    await world.reservations.reserve(
      { pool: P, username: 'alice', password: 'x', count: 1, durationMs: 60 * MINUTE },
      ANONYMOUS,
    )
    for (let restart = 0; restart < 20; restart += 1) {
      disturb(world, 'p-1', 'exited')
      await world.settle()
      world.advance(6_000)
    }
    assert.deepEqual((await world.states())[0], 'p-1 reserved 1')
  })

  it('keeps its work while the engine shuts down: it stops everything, refuses to start it, and answers', async () => {
    let down = false
    const error = new BerthError('engine_failed', 'the client connection is closing')
    const world = await filled({
      faults: { engine: (verb) => (down && verb === 'start' ? { when: 'before', error } : null) },
    })
    await reserve(world, 'alice')
    disturb(world, 'p-1', 'exited')
    down = true
    for (let half = 0; half < 30; half += 1) {
      await world.settle()
      world.advance(500)
    }
    down = false
    world.advance(20_000)
    await world.settle()
    assert.deepEqual([(await world.states())[0], world.logins()], ['p-1 reserved 1', ['alice@p-1']])
  })
})

describe('a change of berth.yml', () => {
  it('renews containers one after another, but never a held one', async () => {
    const world = await filled()
    await reserve(world, 'alice')
    await world.restart([pool({ memory: 2 ** 28 })])
    await world.settle()
    assert.deepEqual(await world.states(), ['p-1 reserved 1', 'p-2 ready 2', 'p-3 ready 2'])
    assert.deepEqual(world.logins(), ['alice@p-1'])
  })

  it('shrinks a pool, a held container when it is free', async () => {
    const world = await filled()
    await reserve(world, 'alice')
    await world.restart([pool({ size: 0 })])
    await world.settle()
    assert.deepEqual(await world.states(), ['p-1 reserved 1'])
    await world.reservations.releaseAll({}, ANONYMOUS)
    await world.settle()
    assert.deepEqual(await world.states(), [])
    assert.equal(world.host.all().length, 0)
  })
})

describe('orphans', () => {
  it('are removed when they are old, and only ours', async () => {
    const world = await filled()
    const spec = specOf(INSTANCE, P, { number: 9, port: 2_229, generation: 4 })
    world.host.add({ ...spec, name: 'q-9', pool: 'q' }, world.database)
    world.host.add({ ...spec, name: 'other-1', instance: 'other' }, world.database)
    world.advance(MINUTE)
    await world.settle()
    assert.equal(world.host.all().length, 5)
    world.advance(2 * MINUTE)
    await world.settle()
    assert.deepEqual(
      world.host.all().map((c) => c.spec.name),
      ['p-1', 'p-2', 'p-3', 'other-1'],
    )
  })
})
