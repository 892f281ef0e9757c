/** The verbs of admins on containers: in every state, and while work on them is under way. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Container, ContainerState } from '../../src/domain/container.ts'
import { BerthError } from '../../src/domain/errors.ts'
import { ANONYMOUS, UNLIMITED } from '../../src/domain/identity.ts'
import type { Admin } from '../../src/usecases/admin.ts'
import { onCall } from '../../lab/faulty.ts'
import { pool } from '../../lab/rows.ts'
import { createWorld, type World } from '../../lab/world.ts'

const ROOT = { name: 'root', role: 'admin', limits: UNLIMITED } as const
const P = pool({ size: 2 })

async function filled(options: Parameters<typeof createWorld>[0] = {}): Promise<World> {
  const world = await createWorld({ pools: [P], ...options })
  await world.settle()
  return world
}

async function rowOf(world: World, name = 'p-1'): Promise<Container> {
  const row = await world.store.container(name)
  assert.ok(row)
  return row
}

async function put(world: World, state: ContainerState): Promise<void> {
  const patch = { state, attempts: 4, retryAt: world.now() + 4_000, error: 'why' }
  assert.ok(await world.store.updateContainer(await rowOf(world), patch, world.now()))
}

const reserve = (world: World, count = 1) =>
  world.reservations.reserve({ pool: P, username: 'alice', password: 'x', count, durationMs: 60_000 }, ANONYMOUS)

/** Holds work at this verb until the test lets it go on or fail. */
function gate(world: World, verb: 'survey' | 'prepare'): { reached: Promise<void>; open: (error?: Error) => void } {
  const reached = Promise.withResolvers<void>()
  const told = Promise.withResolvers<Error | undefined>()
  const { accounts } = world
  const real = { survey: accounts.survey.bind(accounts), prepare: accounts.prepare.bind(accounts) }
  const wait = async () => {
    reached.resolve()
    const error = await told.promise
    if (error) throw error
  }
  if (verb === 'survey') accounts.survey = (target) => wait().then(() => real.survey(target))
  else accounts.prepare = (targets) => wait().then(() => real.prepare(targets))
  return { reached: reached.promise, open: (error) => told.resolve(error) }
}

const DESTROYED = 'it is already being destroyed'
const CASES: readonly [
  verb: keyof Admin & ('recycle' | 'quarantine' | 'endQuarantine'),
  ...[ContainerState, string][],
][] = [
  [
    'recycle',
    ['creating', 'removing'],
    ['ready', 'removing'],
    ['broken', 'removing'],
    ['removing', 'as it was'],
    ['quarantined', 'p-1 is quarantined: end its quarantine instead'],
  ],
  [
    'quarantine',
    ['creating', 'quarantined'],
    ['ready', 'quarantined'],
    ['broken', 'quarantined'],
    ['quarantined', 'as it was'],
    ['removing', `p-1 is removing: ${DESTROYED}`],
  ],
  [
    'endQuarantine',
    ['quarantined', 'removing'],
    ['removing', 'as it was'],
    ['creating', 'p-1 is creating: not quarantined'],
    ['ready', 'p-1 is ready: not quarantined'],
    ['broken', 'p-1 is broken: not quarantined'],
  ],
]

for (const [verb, ...cases] of CASES) {
  describe(verb, () => {
    for (const [state, expected] of cases) {
      it(`of a ${state} container: ${expected}`, async () => {
        const world = await filled()
        await put(world, state)
        world.advance(1_000)
        const [before, last] = [await rowOf(world), await world.store.latestEvent()]
        const answer = await world.admin[verb]('p-1', ROOT).catch((error: unknown) => error)
        const after = await rowOf(world)
        const events = (await world.store.events({ after: last, limit: 9 })).map((e) => `${e.kind} by ${e.by}`)
        if (answer instanceof BerthError || expected === 'as it was') {
          assert.deepEqual([after, events], [before, []])
          if (answer instanceof BerthError) assert.deepEqual([answer.code, answer.message], ['conflict', expected])
          else assert.deepEqual(answer, before)
          return
        }
        const attempts = expected === 'removing' ? 0 : 4
        assert.deepEqual(after, { ...before, state: expected, since: world.now(), retryAt: 0, attempts })
        assert.deepEqual([answer, events], [after, [`container.${expected} by root`]])
      })
    }

    it('of a reserved container is refused', async () => {
      const world = await filled()
      await reserve(world)
      const before = await rowOf(world)
      const message = 'p-1 is reserved; release reservation r1 first'
      await assert.rejects(world.admin[verb]('p-1', ROOT), { code: 'conflict', message })
      assert.deepEqual(await rowOf(world), before)
      await world.settle()
      assert.deepEqual(world.logins(), ['alice@p-1'])
    })

    it('of an unknown container is not_found', async () => {
      const world = await filled()
      await assert.rejects(world.admin[verb]('p-9', ROOT), { code: 'not_found' })
    })
  })
}

describe('recycling', () => {
  it('creates the next generation at once, whatever failed before', async () => {
    const world = await filled()
    const { engineId } = await rowOf(world)
    await put(world, 'broken')
    await world.settle()
    assert.equal((await rowOf(world)).state, 'broken')
    await world.admin.recycle('p-1', ROOT)
    await world.settle()
    const row = await rowOf(world)
    assert.deepEqual([row.state, row.generation, row.attempts, row.error], ['ready', 2, 0, null])
    assert.notEqual(row.engineId, engineId)
    assert.equal(world.host.all().length, 2)
  })

  it('during a build destroys what was begun, and counts no failure', async () => {
    const world = await createWorld({ pools: [P] })
    const survey = gate(world, 'survey')
    await world.reconciler.tick()
    await survey.reached
    const begun = world.host.all().map((c) => c.id)
    await world.admin.recycle('p-1', ROOT)
    survey.open(new BerthError('guest_failed', 'no sshd'))
    await world.reconciler.idle()
    assert.deepEqual(
      { ...(await rowOf(world)), engineId: null },
      {
        ...(await rowOf(world)),
        state: 'removing',
        generation: 1,
        attempts: 0,
        retryAt: 0,
        error: null,
        engineId: null,
      },
    )
    Reflect.deleteProperty(world.accounts, 'survey')
    await world.settle()
    assert.equal((await rowOf(world)).generation, 2)
    assert.equal((await rowOf(world)).state, 'ready')
    assert.equal(world.host.all().length, 2)
    assert.ok(!begun.includes((await rowOf(world)).engineId ?? ''))
  })
})

describe('a quarantined container', () => {
  it('stays as it is over a restart and a crash, and is not lent', async () => {
    const world = await filled()
    const id = world.host.holderOf('p-1')?.id ?? ''
    await world.admin.quarantine('p-1', ROOT)
    await world.settle()
    world.host.disturb(id, 'exited')
    await world.restart([pool({ size: 2, memory: 2 ** 28 })])
    world.advance(600_000)
    await world.settle()
    assert.deepEqual(await world.states(), ['p-1 quarantined 1', 'p-2 ready 2'])
    assert.equal(world.host.holderOf('p-1')?.id, id)
    await assert.rejects(reserve(world, 2), { code: 'not_enough', message: 'Only 1 container available' })
    assert.deepEqual(
      (await reserve(world)).containers.map((c) => c.name),
      ['p-2'],
    )
  })

  it('is recycled when its quarantine ends, before it is lent', async () => {
    const world = await filled()
    const { id } = world.host.holderOf('p-1') ?? {}
    await world.admin.quarantine('p-1', ROOT)
    await world.settle()
    await world.admin.endQuarantine('p-1', ROOT)
    await assert.rejects(reserve(world, 2), { code: 'not_enough' })
    await world.settle()
    assert.deepEqual(await world.states(), ['p-1 ready 2', 'p-2 ready 1'])
    assert.notEqual(world.host.holderOf('p-1')?.id, id)
    assert.equal(world.host.all().length, 2)
  })

  it('is removed when its quarantine ends in a pool that has shrunk', async () => {
    const world = await filled()
    await world.admin.quarantine('p-2', ROOT)
    await world.admin.resize('p', 1, ROOT)
    await world.settle()
    assert.deepEqual(await world.states(), ['p-1 ready 1', 'p-2 quarantined 1'])
    await world.admin.endQuarantine('p-2', ROOT)
    await world.settle()
    assert.deepEqual(await world.states(), ['p-1 ready 1'])
    assert.equal(world.host.all().length, 1)
  })

  for (const [ends, error] of [
    ['succeeds', undefined],
    ['fails', new BerthError('guest_failed', 'no sshd')],
  ] as const) {
    it(`is not touched by a build that was under way, and ${ends}`, async () => {
      const world = await createWorld({ pools: [P] })
      const building = gate(world, 'survey')
      await world.reconciler.tick()
      await building.reached
      await world.admin.quarantine('p-1', ROOT)
      const before = await rowOf(world)
      building.open(error)
      await world.reconciler.idle()
      Reflect.deleteProperty(world.accounts, 'survey')
      await world.settle()
      assert.deepEqual(await rowOf(world), before)
      const kept = world.host.holderOf('p-1')?.id
      assert.ok(kept !== undefined && kept === before.engineId)
      await world.admin.endQuarantine('p-1', ROOT)
      // The build of the other container has failed as well, and is retried.
      world.advance(1_000)
      await world.settle()
      assert.deepEqual(await world.states(), ['p-1 ready 2', 'p-2 ready 1'])
      assert.equal(world.host.all().length, 2)
    })
  }

  it('is not made ready by the playbook that was running on it', async () => {
    const world = await createWorld({ pools: [{ ...P, prepare: '/site.yml' }] })
    const playbook = gate(world, 'prepare')
    const settled = world.settle()
    await playbook.reached
    await world.admin.quarantine('p-1', ROOT)
    playbook.open()
    await settled
    assert.deepEqual(await world.states(), ['p-1 quarantined 1', 'p-2 ready 1'])
    assert.ok(!world.logged.some((line) => line.startsWith('p-1 prepared')))
  })

  it('is rid of an unrecorded container once its quarantine ends', async () => {
    const error = new BerthError('engine_unavailable', 'timed out')
    const one = [pool({ size: 1 })]
    const world = await createWorld({ pools: one, faults: { engine: onCall('create', 1, { when: 'after', error }) } })
    await world.reconciler.tick()
    await world.reconciler.idle()
    await world.admin.quarantine('p-1', ROOT)
    assert.equal((await rowOf(world)).engineId, null)
    assert.equal(world.host.all().length, 1)
    await world.settle()
    assert.deepEqual(await world.states(), ['p-1 quarantined 1'])
    await world.admin.endQuarantine('p-1', ROOT)
    await world.settle()
    assert.deepEqual(await world.states(), ['p-1 ready 2'])
    assert.equal(world.host.all().length, 1)
  })
})

it('a concurrent claim and quarantine: one wins, the other is refused', async () => {
  for (let round = 0; round < 10; round += 1) {
    const world = await filled({ pools: [pool({ size: 1 })] })
    const ask = () => reserve(world)
    const aside = () => world.admin.quarantine('p-1', ROOT)
    const both = round % 2 === 0 ? [ask(), aside()] : [aside(), ask()]
    const won = (await Promise.allSettled(both)).filter(({ status }) => status === 'fulfilled')
    assert.equal(won.length, 1)
    await world.settle()
    const held = world.logins().length === 1
    assert.deepEqual(await world.states(), [held ? 'p-1 reserved 1' : 'p-1 quarantined 1'])
  }
})
