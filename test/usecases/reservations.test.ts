import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ANONYMOUS } from '../../src/domain/identity.ts'
import { BerthError } from '../../src/domain/errors.ts'
import { idempotentRequest } from '../../src/usecases/idempotency.ts'
import { onCall } from '../../lab/faulty.ts'
import { pool } from '../../lab/rows.ts'
import { createWorld, type World } from '../../lab/world.ts'

const MINUTE = 60_000
const P = pool()

const reserve = (world: World, username: string, count = 1, password = 'test') =>
  world.reservations.reserve({ pool: P, username, password, count, durationMs: MINUTE }, ANONYMOUS)

async function filled(options: Parameters<typeof createWorld>[0] = {}): Promise<World> {
  const world = await createWorld(options)
  await world.settle()
  return world
}

describe('reserve', () => {
  it('reserves the lowest numbers, with an account in each', async () => {
    const world = await filled()
    const { reservation, containers } = await reserve(world, 'alice', 2)
    assert.deepEqual(
      containers.map((c) => c.name),
      ['p-1', 'p-2'],
    )
    assert.equal(reservation.expiresAt, world.now() + MINUTE)
    assert.deepEqual(world.logins(), ['alice@p-1', 'alice@p-2'])
    assert.deepEqual(
      (await reserve(world, 'bob')).containers.map((c) => c.name),
      ['p-3'],
    )
  })

  it('takes nothing when there are not enough', async () => {
    const world = await filled()
    await reserve(world, 'alice', 2)
    await assert.rejects(reserve(world, 'bob', 2), { code: 'not_enough', message: 'Only 1 container available' })
    assert.deepEqual(await world.states(), ['p-1 reserved 1', 'p-2 reserved 1', 'p-3 ready 1'])
  })

  it('refuses names and passwords that cannot work, and takes nothing', async () => {
    const world = await filled()
    for (const username of [
      '',
      '-a',
      '1a',
      'a b',
      'ä',
      'a:b',
      'a/b',
      'a'.repeat(33),
      'root',
      'sshd',
      '../x',
      '$(id)',
    ]) {
      await assert.rejects(reserve(world, username), { code: 'invalid_request' }, username)
    }
    for (const password of ['', 'a\nb', 'a\u0000', '\u007f', '\u0085', '\ud800', 'x'.repeat(129), '🔑'.repeat(65)]) {
      await assert.rejects(reserve(world, 'alice', 1, password), { code: 'invalid_request' }, JSON.stringify(password))
    }
    for (const password of [' ', `"'`, ':', '$(id)', '{{7*7}}', 'пароль', 'ж'.repeat(128)]) {
      await reserve(world, 'alice', 1, password)
      await world.reservations.releaseAll({}, ANONYMOUS)
      await world.settle()
    }
  })

  it('swaps a container that does not work for another one', async () => {
    const world = await filled()
    const broken = world.host.holderOf('p-1')
    if (broken) broken.state = 'exited'
    const { containers } = await reserve(world, 'alice')
    assert.deepEqual(
      containers.map((c) => c.name),
      ['p-2'],
    )
    await world.settle()
    assert.deepEqual(await world.states(), ['p-1 ready 2', 'p-2 reserved 1', 'p-3 ready 1'])
  })

  it('fails and releases everything when no container works', async () => {
    const world = await filled()
    for (const container of world.host.all()) container.state = 'exited'
    await assert.rejects(reserve(world, 'alice', 2), { code: 'guest_failed' })
    await world.settle()
    assert.deepEqual(await world.states(), ['p-1 ready 2', 'p-2 ready 2', 'p-3 ready 2'])
    assert.deepEqual(world.logins(), [])
  })

  it('fails at once while the engine is away, and takes nothing', async () => {
    const away = new BerthError('engine_unavailable', 'no engine there')
    let gone = false
    const world = await filled({ faults: { engine: () => (gone ? { when: 'before', error: away } : null) } })
    gone = true
    await world.reconciler.tick()
    await assert.rejects(reserve(world, 'alice'), { code: 'engine_unavailable' })
    assert.deepEqual(await world.states(), ['p-1 ready 1', 'p-2 ready 1', 'p-3 ready 1'])
    gone = false
    await world.settle()
    await reserve(world, 'alice')
  })

  it('releases what it took when the engine fails half way', async () => {
    const error = new BerthError('engine_unavailable', 'timed out')
    const world = await filled({ faults: { accounts: onCall('createAccounts', 1, { when: 'after', error }) } })
    await assert.rejects(reserve(world, 'alice'), { code: 'engine_unavailable' })
    await world.settle()
    assert.deepEqual(world.logins(), [])
    assert.deepEqual(await world.states(), ['p-1 ready 2', 'p-2 ready 1', 'p-3 ready 1'])
  })
})

describe('extend', () => {
  const HOUR = 60 * MINUTE

  async function held(): Promise<{ world: World; id: string; end: number }> {
    const world = await filled()
    const { reservation } = await reserve(world, 'alice')
    return { world, id: reservation.id, end: reservation.expiresAt ?? 0 }
  }

  it('moves the end, and access goes on until then', async () => {
    const { world, id, end } = await held()
    const { reservation, clamped } = await world.reservations.extend(id, (expiresAt) => expiresAt + HOUR, ANONYMOUS)
    assert.deepEqual([reservation.expiresAt, clamped], [end + HOUR, null])
    world.advance(HOUR)
    await world.settle()
    assert.deepEqual(world.logins(), ['alice@p-1'])
    world.advance(MINUTE)
    await world.settle()
    assert.deepEqual(world.logins(), [])
  })

  it('never shortens, and the answer says so', async () => {
    const { world, id, end } = await held()
    const { reservation, clamped } = await world.reservations.extend(id, (expiresAt) => expiresAt - 1, ANONYMOUS)
    assert.deepEqual([reservation.expiresAt, clamped], [end, 'extending never shortens a reservation'])
  })

  it('is capped at the maximum of the pool, counted from the start, and the answer says so', async () => {
    const { world, id } = await held()
    const longest = world.now() + P.duration.max
    const first = await world.reservations.extend(id, (expiresAt) => expiresAt + 48 * HOUR, ANONYMOUS)
    const again = await world.reservations.extend(id, (expiresAt) => expiresAt + HOUR, ANONYMOUS)
    for (const { reservation, clamped } of [first, again]) {
      assert.deepEqual([reservation.expiresAt, clamped], [longest, '1d is the maximum of pool "p"'])
    }
  })

  it('applies each of many concurrent extensions', async () => {
    const { world, id, end } = await held()
    await Promise.all(
      Array.from({ length: 20 }, () => world.reservations.extend(id, (expiresAt) => expiresAt + MINUTE, ANONYMOUS)),
    )
    assert.equal((await world.store.reservation(id))?.expiresAt, end + 20 * MINUTE)
  })

  it('is refused after the end, recorded or not', async () => {
    const { world, id } = await held()
    world.advance(MINUTE)
    await assert.rejects(
      world.reservations.extend(id, (expiresAt) => expiresAt + HOUR, ANONYMOUS),
      { code: 'not_active' },
    )
    await world.settle()
    await assert.rejects(
      world.reservations.extend(id, (expiresAt) => expiresAt + HOUR, ANONYMOUS),
      { code: 'not_active' },
    )
    await assert.rejects(
      world.reservations.extend('nobody', (expiresAt) => expiresAt, ANONYMOUS),
      { code: 'not_found' },
    )
  })
})

describe('release', () => {
  it('ends one reservation and leaves the others alone; is idempotent', async () => {
    const world = await filled()
    const { reservation } = await reserve(world, 'alice')
    await reserve(world, 'bob')
    const { reservation: released } = await world.reservations.release(reservation.id, ANONYMOUS)
    assert.deepEqual([released.state, released.outcome], ['ended', 'released'])
    assert.deepEqual(world.logins(), ['bob@p-2'])
    assert.deepEqual((await world.reservations.release(reservation.id, ANONYMOUS)).reservation, released)
    await assert.rejects(world.reservations.release('nobody', ANONYMOUS), { code: 'not_found' })
  })

  it('has ended all access when it returns', async () => {
    const world = await filled()
    await reserve(world, 'alice', 2)
    await world.reservations.releaseAll({}, ANONYMOUS)
    assert.deepEqual(world.logins(), [])
    await world.settle()
    assert.deepEqual(await world.states(), ['p-1 ready 2', 'p-2 ready 2', 'p-3 ready 1'])
  })

  it('fails when the engine could not confirm it, and the expiry loop goes on', async () => {
    const error = new BerthError('engine_unavailable', 'hangs')
    const world = await filled({ faults: { engine: onCall('kill', 1, { when: 'before', error }) } })
    await reserve(world, 'alice')
    await assert.rejects(world.reservations.releaseAll({}, ANONYMOUS), { code: 'engine_unavailable' })
    assert.deepEqual(world.logins(), ['alice@p-1'])
    await world.settle()
    assert.deepEqual(world.logins(), [])
  })

  it('fails when the database could not record it, and names that', async () => {
    const error = new BerthError('database_unavailable', 'connection refused')
    const world = await filled({ faults: { store: onCall('finish', 1, { when: 'before', error }) } })
    await reserve(world, 'alice')
    const message = 'the end of access could not be recorded yet: connection refused'
    await assert.rejects(world.reservations.releaseAll({}, ANONYMOUS), { code: 'database_unavailable', message })
    assert.deepEqual(world.logins(), [])
  })

  it('ends a reservation whose preparation failed as soon as the database is available again', async () => {
    const away = new BerthError('database_unavailable', 'connection refused')
    const error = new BerthError('guest_failed', 'no space left')
    const world = await filled({
      faults: {
        accounts: onCall('createAccounts', 1, { when: 'before', error }),
        store: onCall('end', 1, { when: 'before', error: away }),
      },
    })
    await assert.rejects(reserve(world, 'alice'), error)
    assert.deepEqual(
      (await world.store.snapshot()).reservations.map(({ state }) => state),
      ['preparing'],
    )
    await world.reconciler.tick()
    assert.deepEqual((await world.store.snapshot()).reservations, [])
  })

  it('keeps an active reservation that a repeated request returned after the first request had failed', async () => {
    const away = new BerthError('database_unavailable', 'connection refused')
    const world = await filled({
      faults: {
        store: (verb, nth) => {
          if (verb === 'activate') return { when: 'after', error: away }
          return verb === 'end' && nth === 1 ? { when: 'before', error: away } : null
        },
      },
    })
    const request = { pool: P, username: 'alice', password: 'test', count: 1, durationMs: MINUTE }
    const idempotency = idempotentRequest('build-17', request, Buffer.alloc(32))
    const send = () => world.reservations.reserve({ ...request, idempotency }, ANONYMOUS)
    await assert.rejects(send(), away)
    const { reservation } = await send()
    assert.equal(reservation.state, 'active')
    await world.settle()
    assert.equal((await world.store.reservation(reservation.id))?.state, 'active')
    assert.deepEqual(world.logins(), ['alice@p-1'])
  })

  it('ends a reservation that is being prepared', async () => {
    const world = await filled()
    const open = world.accounts.createAccounts.bind(world.accounts)
    world.accounts.createAccounts = async (...args) => {
      const outcomes = await open(...args)
      await world.reservations.releaseAll({}, ANONYMOUS)
      return outcomes
    }
    await assert.rejects(reserve(world, 'alice'), { code: 'cancelled' })
    assert.deepEqual(world.logins(), [])
  })
})

describe('expiry', () => {
  it('revokes access in the tick of its time, not before', async () => {
    const world = await filled()
    await reserve(world, 'alice')
    world.advance(MINUTE - 1)
    await world.settle()
    assert.deepEqual(world.logins(), ['alice@p-1'])
    world.advance(1)
    await world.reconciler.tick()
    await world.reconciler.idle()
    assert.deepEqual(world.logins(), [])
    await world.settle()
    assert.deepEqual(await world.states(), ['p-1 ready 2', 'p-2 ready 1', 'p-3 ready 1'])
  })

  it('is retried with pauses while the engine fails', async () => {
    const error = new BerthError('engine_unavailable', 'no engine there')
    const world = await filled({ faults: { engine: (verb) => (verb === 'kill' ? { when: 'before', error } : null) } })
    await reserve(world, 'alice')
    world.advance(MINUTE)
    world.nudges = 0
    // A tick, which lists the engine, comes after the loop that only revokes.
    assert.equal((await world.reconciler.tick()) - world.now(), 2_000)
    await world.reconciler.idle()
    assert.equal((await world.reconciler.enforceExpiry()) - world.now(), 500)
    await world.reconciler.idle()
    assert.equal(world.nudges, 0)
  })

  it('revokes access when the engine is back', async () => {
    const error = new BerthError('engine_unavailable', 'no engine there')
    let gone = false
    const world = await filled({ faults: { engine: () => (gone ? { when: 'before', error } : null) } })
    await reserve(world, 'alice')
    gone = true
    world.advance(MINUTE)
    await world.settle()
    assert.deepEqual(world.logins(), ['alice@p-1'])
    gone = false
    await world.settle()
    assert.deepEqual(world.logins(), [])
  })

  it('ends preparations of a killed manager as soon as another one runs', async () => {
    const world = await filled()
    world.accounts.createAccounts = () => new Promise(() => undefined)
    void reserve(world, 'alice')
    // A snapshot does not wait for a verb under way.
    while ((await world.states())[0] !== 'p-1 reserved 1') await new Promise(setImmediate)
    await world.restart()
    await world.settle()
    assert.deepEqual((await world.states())[0], 'p-1 ready 2')
  })
})
