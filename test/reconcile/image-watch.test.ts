/** Why a pool cannot lend, and that it is tried again as soon as its image or playbook is another one. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BerthError } from '../../src/domain/errors.ts'
import { createImageWatch } from '../../src/reconcile/image-watch.ts'
import { poolProblem } from '../../src/domain/pools.ts'
import { container, pool } from '../../lab/rows.ts'
import { createWorld, type World } from '../../lab/world.ts'

describe('poolProblem', () => {
  const failing = (number: number, some: object = {}) =>
    container({ number, state: 'broken', attempts: 2, error: `no sudo ${number}`, ...some })

  it('is the reason of what has failed most often, while nothing of the pool works', () => {
    assert.equal(poolProblem([failing(1), failing(2, { attempts: 5 })], 'p'), 'no sudo 2')
    assert.equal(poolProblem([failing(1, { state: 'creating' })], 'p'), 'no sudo 1')
    assert.equal(poolProblem([failing(1, { state: 'removing' })], 'p'), 'no sudo 1', 'between two attempts')
  })

  it('is null while one is ready, lent, or made for the first time', () => {
    for (const state of ['ready', 'reserved', 'creating'] as const) {
      assert.equal(poolProblem([failing(1), container({ number: 2, state })], 'p'), null, state)
    }
    assert.equal(poolProblem([], 'p'), null)
    assert.equal(poolProblem([failing(1), container({ pool: 'q' })], 'p'), 'no sudo 1', 'another pool does not count')
  })
})

describe('a pool whose containers cannot be made', () => {
  let image = 'sha256:old'
  let playbook = 'old'

  /** As a manager of this world starts it. */
  function watch({ pools, store, now }: World): ReturnType<typeof createImageWatch> {
    return createImageWatch({
      pools,
      store,
      clock: now,
      onChange: () => undefined,
      engine: { imageNamed: async () => image },
      accounts: { playbookVersion: async () => playbook },
      log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    })
  }

  async function failingWorld(): Promise<{ world: World; mending: ReturnType<typeof createImageWatch> }> {
    image = 'sha256:old'
    playbook = 'old'
    const error = new BerthError('image_unfit', 'the image has no sudo')
    const isUnfit = () => image === 'sha256:old' && playbook === 'old'
    const world = await createWorld({
      pools: [pool({ size: 1, prepare: '/lab.yml' })],
      faults: { accounts: (verb) => (verb === 'survey' && isUnfit() ? { when: 'before', error } : null) },
    })
    const mending = watch(world)
    await mending.step()
    // Until its pause is minutes long.
    for (let round = 0; round < 12; round += 1) {
      await world.settle()
      world.advance(300_000)
    }
    await world.settle()
    await mending.step()
    return { world, mending }
  }

  it('is broken with the first failure that no other attempt can change', async () => {
    const error = new BerthError('image_unfit', 'the image has no sudo')
    const world = await createWorld({
      pools: [pool({ size: 1 })],
      faults: { accounts: (verb) => (verb === 'survey' ? { when: 'before', error } : null) },
    })
    await world.reconciler.tick()
    await world.reconciler.tick()
    await world.reconciler.idle()
    const row = await world.store.container('p-1')
    assert.deepEqual([row?.state, row?.attempts, row?.error], ['broken', 1, 'the image has no sudo'])
  })

  it('is left alone during its pause, as long as nothing has changed', async () => {
    const { world, mending } = await failingWorld()
    const before = await world.states()
    world.advance(10_000)
    await mending.step()
    await world.settle()
    assert.deepEqual(await world.states(), before)
  })

  for (const what of ['image', 'playbook']) {
    it(`is tried at once with another ${what}, and keeps no error`, async () => {
      const { world, mending } = await failingWorld()
      if (what === 'image') image = 'sha256:new'
      else playbook = 'new'
      world.advance(10_000)
      await mending.step()
      await world.settle()
      const row = await world.store.container('p-1')
      assert.deepEqual([row?.state, row?.error], ['ready', null])
    })
  }

  it('is tried at once after berth.yml was reloaded', async () => {
    const { world, mending } = await failingWorld()
    world.pools.configure(world.pools.all())
    const attempts = async () => (await world.store.container('p-1'))?.attempts
    const before = await attempts()
    await mending.step()
    await world.settle()
    assert.notEqual(await attempts(), before)
  })

  it('is tried at once by a manager that starts', async () => {
    const { world } = await failingWorld()
    image = 'sha256:new'
    await watch(world).step()
    await world.settle()
    assert.equal((await world.store.container('p-1'))?.state, 'ready')
  })
})
