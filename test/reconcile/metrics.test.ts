import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ANONYMOUS } from '../../src/domain/identity.ts'
import { BerthError } from '../../src/domain/errors.ts'
import type { FaultRule } from '../../lab/faulty.ts'
import { pool } from '../../lab/rows.ts'
import { createWorld, type World } from '../../lab/world.ts'

const P = pool({ size: 1 })

/** A pool of one; what was measured while it filled is forgotten. */
async function filled(faults: Record<string, FaultRule> = {}): Promise<World> {
  const world = await createWorld({ pools: [P], faults })
  await world.settle()
  world.measured.length = 0
  return world
}

const reserve = (world: World) =>
  world.reservations.reserve({ pool: P, username: 'alice', password: 'test', count: 1, durationMs: 60_000 }, ANONYMOUS)

const queued = (world: World) => world.measured.filter((line) => line.startsWith('queue'))

describe('what is measured', () => {
  it('each step of a new container, its playbook too', async () => {
    const world = await createWorld({ pools: [{ ...P, prepare: 'site.yml' }] })
    await world.settle()
    assert.deepEqual(world.measured, ['build 0', 'prepare 0'])
  })

  it('reserving, from the request to the answer', async () => {
    const world = await filled()
    const open = world.accounts.createAccounts.bind(world.accounts)
    world.accounts.createAccounts = async (...args) => {
      world.advance(140)
      return open(...args)
    }
    await reserve(world)
    assert.deepEqual(world.measured, ['reserve 140'])
  })

  it('cutting access, from when it was due, also when nobody was there to do it', async () => {
    let away = false
    const error = new BerthError('engine_unavailable', 'no engine there')
    const world = await filled({ engine: (verb) => (away && verb === 'kill' ? { when: 'before', error } : null) })
    const revoked = () => world.measured.filter((line) => line.startsWith('revoke'))
    await reserve(world)
    await world.reservations.releaseAll({}, ANONYMOUS)
    await world.settle()
    assert.deepEqual(revoked(), ['revoke 0'])
    await reserve(world)
    away = true
    world.advance(60_400)
    await world.reconciler.tick()
    await world.reconciler.idle()
    assert.deepEqual(revoked(), ['revoke 0'])
    assert.ok(world.measured.includes('engine_unavailable'))
    away = false
    world.advance(600)
    await world.settle()
    assert.deepEqual(revoked(), ['revoke 0', 'revoke 1000'])
  })

  it('a container that is restored under its reservation', async () => {
    const world = await filled()
    await reserve(world)
    world.host.disturb(world.host.holderOf('p-1')?.id ?? '', 'exited')
    world.measured.length = 0
    await world.settle()
    assert.deepEqual(world.measured, ['restore 0'])
  })

  it('waiting in the queue, for those who were in it, and not what a manager that died left behind', async () => {
    const world = await filled()
    await reserve(world)
    const request = { pool: P, password: 'x', count: 1, durationMs: 60_000 }
    await world.reservations.reserve({ ...request, username: 'bob', waitMs: 600_000 }, ANONYMOUS)
    world.advance(60_000)
    await world.settle()
    assert.deepEqual(queued(world), ['queue 60000'])
    world.advance(60_000)
    await world.settle()
    // Somebody may come back for it, so the next manager lets its holder in.
    const called = Promise.withResolvers<void>()
    world.accounts.createAccounts = () => {
      called.resolve()
      return new Promise(() => undefined)
    }
    const idempotency = { key: { key: 'key', body: 'body', salt: 'salt' }, digestOf: () => Buffer.alloc(32) }
    void world.reservations.reserve({ ...request, username: 'carol', idempotency }, ANONYMOUS)
    await called.promise
    Reflect.deleteProperty(world.accounts, 'createAccounts')
    world.advance(5_000)
    await world.restart()
    await world.settle()
    assert.deepEqual(world.logins(), ['carol@p-1'])
    assert.deepEqual(queued(world), ['queue 60000'])
  })

  it('what failed, by its code; a bug as one', async () => {
    const errors = [new BerthError('image_missing', 'no such image'), new Error('a bug')]
    const rule: FaultRule = (verb, nth) => {
      const error = errors[nth - 1]
      return verb === 'create' && error ? { when: 'before', error } : null
    }
    const world = await createWorld({ pools: [P], faults: { engine: rule } })
    for (let round = 0; round < 3; round += 1) {
      await world.settle()
      world.advance(1_000)
    }
    assert.deepEqual(world.measured, ['image_missing', 'internal', 'build 0'])
  })
})
