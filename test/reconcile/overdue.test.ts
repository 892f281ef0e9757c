/** Access ends on time when the database does not answer, or accepts no writes. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BerthError } from '../../src/domain/errors.ts'
import { ANONYMOUS } from '../../src/domain/identity.ts'
import type { Fault } from '../../lab/faulty.ts'
import { pool } from '../../lab/rows.ts'
import { createWorld, type World } from '../../lab/world.ts'

const MINUTE = 60_000
const AWAY = new BerthError('database_unavailable', 'the database cannot be used: connection refused')

/** Makes a reservation of a minute. `fail` switches the fault of these verbs of the store. */
async function reserved(
  verbs: readonly string[],
  fault: Fault,
): Promise<{ world: World; fail(failing: boolean): void; killsFail(): void }> {
  let failing = false
  let killsFail = false
  const world = await createWorld({
    faults: {
      store: (verb) => (failing && verbs.includes(verb) ? fault : null),
      engine: (verb) => {
        if (!killsFail || verb !== 'kill') return null
        killsFail = false
        return { when: 'before', error: new BerthError('engine_failed', 'no answer') }
      },
    },
  })
  await world.settle()
  const request = { pool: pool(), username: 'alice', password: 'secret', count: 1, durationMs: MINUTE }
  await world.reservations.reserve(request, ANONYMOUS)
  await world.settle()
  return {
    world,
    fail: (now) => {
      failing = now
    },
    killsFail: () => {
      killsFail = true
    },
  }
}

async function revokeOverdue(world: World): Promise<void> {
  world.reconciler.revokeOverdue()
  await world.reconciler.idle()
}

describe('access that is over', () => {
  it('is revoked from the rows that were read last, while the database cannot be read', async () => {
    const { world, fail } = await reserved(['snapshot', 'reservationWithContainers', 'end'], {
      when: 'before',
      error: AWAY,
    })
    fail(true)
    world.advance(MINUTE)
    await assert.rejects(world.reconciler.enforceExpiry(), { code: 'database_unavailable' })
    await revokeOverdue(world)
    assert.deepEqual(world.logins(), ['alice@p-1'], 'the expiry loop has a second')
    world.advance(1_000)
    await revokeOverdue(world)
    assert.deepEqual(world.logins(), [])
    fail(false)
    await world.settle()
    const { reservations } = await world.store.snapshot()
    assert.deepEqual(reservations, [], 'its end is recorded when the database works again')
  })

  it('is revoked while the write of its end hangs', async () => {
    const hanging = Promise.withResolvers<void>()
    const { world, fail } = await reserved(['end'], { when: 'late', until: hanging.promise })
    fail(true)
    world.advance(MINUTE)
    const ending = world.reconciler.enforceExpiry()
    world.advance(1_000)
    await revokeOverdue(world)
    assert.deepEqual(world.logins(), [])
    hanging.resolve()
    await ending
    await world.settle()
    assert.deepEqual((await world.store.snapshot()).reservations, [])
  })

  it('is revoked once: another manager that has moved the end may start the container again', async () => {
    const { world, fail } = await reserved(['snapshot'], { when: 'before', error: AWAY })
    fail(true)
    world.advance(MINUTE + 1_000)
    await revokeOverdue(world)
    const held = world.host.holderOf('p-1')
    assert.ok(held)
    held.state = 'running'
    world.advance(1_000)
    await revokeOverdue(world)
    assert.equal(held.state, 'running')
  })

  it('is revoked again when the engine has not confirmed it', async () => {
    const { world, fail, killsFail } = await reserved(['snapshot'], { when: 'before', error: AWAY })
    fail(true)
    killsFail()
    world.advance(MINUTE + 1_000)
    await revokeOverdue(world)
    assert.deepEqual(world.logins(), ['alice@p-1'])
    world.advance(500)
    await revokeOverdue(world)
    assert.deepEqual(world.logins(), [])
  })

  it('is not revoked when its end was moved while the database worked', async () => {
    const { world, fail } = await reserved(['snapshot'], { when: 'before', error: AWAY })
    const [{ id } = { id: '' }] = (await world.store.snapshot()).reservations
    await world.reservations.extend(id, (at) => at + 10 * MINUTE, ANONYMOUS)
    await world.reconciler.enforceExpiry()
    fail(true)
    world.advance(MINUTE + 1_000)
    await revokeOverdue(world)
    assert.deepEqual(world.logins(), ['alice@p-1'])
  })
})
