/** A pool whose playbook runs once, in a container that becomes the image of all others. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BerthError } from '../../src/domain/errors.ts'
import { ANONYMOUS } from '../../src/domain/identity.ts'
import { pool } from '../../lab/rows.ts'
import { createWorld, type World } from '../../lab/world.ts'

const POOL = pool({ size: 5, prepare: '/site.yml', preparedImage: 'awaited' })
const MINUTE = 60_000

const imagesOf = (world: World) => world.host.all().map(({ spec }) => spec.image)
const preparedNow = ({ host }: World) => [...host.images.keys()]
const warnings = (world: World) => world.logged.filter((line) => line.includes('cannot be made'))

async function filled(options: Parameters<typeof createWorld>[0] = {}): Promise<World> {
  const world = await createWorld({ pools: [POOL], ...options })
  await world.settle()
  return world
}

const reserve = (world: World) =>
  world.reservations.reserve(
    { pool: POOL, username: 'alice', password: 'test', count: 1, durationMs: 60 * MINUTE },
    ANONYMOUS,
  )

/** Makes every playbook fail while `isBroken`. */
function failing(world: World): { isBroken: boolean } {
  const playbook = { isBroken: true }
  const prepare = world.accounts.prepare.bind(world.accounts)
  world.accounts.prepare = async (targets) => {
    const outcomes = await prepare(targets)
    const error = new BerthError('guest_failed', 'task "install": no such package')
    return playbook.isBroken ? new Map([...outcomes.keys()].map((name) => [name, error])) : outcomes
  }
  return playbook
}

async function changePlaybook(world: World, content: string): Promise<void> {
  world.accounts.playbooks.set('/site.yml', content)
  world.advance(MINUTE)
  await world.settle()
}

describe('the image of a pool', () => {
  it('is made by one run of the playbook, and all containers are made of it', async () => {
    const world = await filled()
    assert.deepEqual(world.accounts.prepared, [['p-image']])
    assert.equal(preparedNow(world).length, 1)
    assert.match(preparedNow(world)[0] ?? '', /^berth\/prepared:test\.p\.[0-9a-f]{12}$/)
    assert.deepEqual(imagesOf(world), Array(5).fill(preparedNow(world)[0]))
    assert.deepEqual(
      await world.states(),
      [1, 2, 3, 4, 5].map((number) => `p-${number} ready 1`),
    )
  })

  it('is made at once for a pool that berth.yml has after a reload', async () => {
    const world = await filled()
    world.pools.configure([
      POOL,
      pool({ name: 'q', size: 1, ports: [4_001], prepare: '/q.yml', preparedImage: 'awaited' }),
    ])
    await world.settle()
    assert.equal((await world.states()).at(-1), 'q-1 ready 1')
    assert.deepEqual(world.accounts.prepared, [['p-image'], ['q-image']])
  })

  it('serves the containers that replace used ones, and the next manager', async () => {
    const world = await filled()
    await world.admin.recycle('p-1', ANONYMOUS)
    await world.settle()
    await world.restart()
    await world.settle()
    assert.equal((await world.states())[0], 'p-1 ready 2')
    assert.equal((await world.states())[1], 'p-2 ready 1', 'the next manager replaces none')
    assert.deepEqual(world.accounts.prepared, [['p-image']])
  })

  it('is made again when the playbook has changed; the pool lends meanwhile, and is then renewed one container at a time', async () => {
    const world = await filled()
    const [old] = preparedNow(world)
    world.accounts.playbooks.set('/site.yml', 'changed')
    world.advance(MINUTE)
    const counts = new Set<number>()
    for (let round = 0; round < 60; round += 1) {
      await world.reconciler.tick()
      counts.add((await world.states()).filter((state) => state.includes('ready')).length)
      await world.reconciler.idle()
    }
    assert.ok(Math.min(...counts) >= 4, `${[...counts]}`)
    assert.deepEqual(world.accounts.prepared, [['p-image'], ['p-image']])
    assert.ok(!imagesOf(world).includes(old ?? ''))
    world.advance(MINUTE)
    await world.settle()
    assert.deepEqual(preparedNow(world), [imagesOf(world)[0]], 'the old image is removed')
  })

  it('is not named after files that changed while it was made', async () => {
    const world = await createWorld({ pools: [POOL] })
    const prepare = world.accounts.prepare.bind(world.accounts)
    world.accounts.prepare = async (targets) => {
      world.accounts.playbooks.set('/site.yml', 'changed')
      return prepare(targets)
    }
    await world.settle()
    await world.settle()
    assert.deepEqual(world.accounts.prepared, [['p-image'], ['p-image']])
    const { preparationDigest } = world.accounts
    const digest = await preparationDigest.call(world.accounts, '/site.yml', POOL.image)
    assert.deepEqual(preparedNow(world), [`berth/prepared:test.p.${digest}`])
    assert.deepEqual(imagesOf(world), Array(5).fill(preparedNow(world)[0]))
  })

  it('stays while a container is made of it', async () => {
    const world = await filled()
    const [old] = preparedNow(world)
    await reserve(world)
    await changePlaybook(world, 'changed')
    world.advance(MINUTE)
    await world.settle()
    assert.ok(preparedNow(world).includes(old ?? ''))
    assert.deepEqual(world.logins(), ['alice@p-1'])
  })

  it('that was made for an earlier version of the playbook serves again', async () => {
    const world = await filled()
    await reserve(world)
    await changePlaybook(world, 'changed')
    await changePlaybook(world, '/site.yml')
    assert.equal(world.accounts.prepared.length, 2)
  })
})

describe('a playbook that fails', () => {
  it('runs on every container, as without an image, and says why once; the image is tried again later', async () => {
    const world = await createWorld({ pools: [POOL] })
    const playbook = failing(world)
    await world.settle()
    assert.equal(warnings(world).length, 1)
    assert.match(warnings(world)[0] ?? '', /no such package/)
    const { containers } = await world.store.snapshot()
    for (const row of containers) assert.equal(row.error, 'task "install": no such package')
    playbook.isBroken = false
    for (let round = 0; round < 3; round += 1) {
      world.advance(6 * MINUTE)
      await world.settle()
    }
    assert.deepEqual(imagesOf(world), Array(5).fill(preparedNow(world)[0]))
    assert.ok((await world.states()).every((state) => state.includes(' ready ')))
  })

  it('once it has changed leaves the pool with the image that it has', async () => {
    const world = await filled()
    const before = await world.states()
    failing(world)
    await changePlaybook(world, 'changed')
    assert.equal(warnings(world).length, 1)
    assert.deepEqual(await world.states(), before)
    await world.restart()
    await world.settle()
    assert.deepEqual(await world.states(), before, 'also after a restart')
    await world.admin.recycle('p-1', ANONYMOUS)
    await world.settle()
    assert.equal((await world.states())[0], 'p-1 ready 2')
  })
})

it('an image is made when an engine that did not answer is back, without a failure', async () => {
  let isAway = true
  const error = new BerthError('engine_unavailable', 'commit: no answer')
  const world = await createWorld({
    pools: [POOL],
    faults: { engine: (verb) => (verb === 'commit' && isAway ? { when: 'before', error } : null) },
  })
  await world.settle()
  assert.deepEqual(imagesOf(world), [], 'nothing is left, and no container is made without the image')
  isAway = false
  await world.settle()
  assert.deepEqual(imagesOf(world), Array(5).fill(preparedNow(world)[0]))
  assert.deepEqual(warnings(world), [])
})

it('a pool without prepare_image makes no request about images to the engine', async () => {
  const asked: string[] = []
  const world = await createWorld({
    pools: [pool({ prepare: '/site.yml' })],
    faults: {
      engine: (verb) => {
        asked.push(verb)
        return null
      },
    },
  })
  await world.settle()
  assert.ok(!asked.some((verb) => /image/i.test(verb)))
})
