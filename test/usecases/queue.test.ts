/** Waiting reservations: their order, and what happens to them when managers die and engines fail. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BerthError } from '../../src/domain/errors.ts'
import { ANONYMOUS, type Identity, UNLIMITED } from '../../src/domain/identity.ts'
import { pool } from '../../lab/rows.ts'
import { createWorld, type World } from '../../lab/world.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const sent = (some: object = {}) => ({
  key: { key: 'key', body: 'body', salt: 'salt', ...some },
  digestOf: () => Buffer.alloc(32),
})

describe('the queue of a manager', () => {
  const ask = (world: World, username: string, some: { count?: number; waitMs?: number; by?: Identity } = {}) => {
    const { count = 1, waitMs = HOUR, by = ANONYMOUS } = some
    const p = world.pools.named('p') ?? pool()
    return world.reservations.reserve({ pool: p, username, password: 'x', count, durationMs: MINUTE, waitMs }, by)
  }
  const full = async (size: number, options: Parameters<typeof createWorld>[0] = {}) => {
    const world = await createWorld({ pools: [pool({ size })], ...options })
    await world.settle()
    return world
  }
  const stateOf = async (world: World, id: string) => (await world.store.reservation(id))?.state

  it('serves 200 concurrent requests for 10 containers in order, a large one among them, over a restart', async () => {
    const world = await full(10)
    const counts = Array.from({ length: 200 }, (_, index) => (index === 50 ? 10 : index % 7 === 3 ? 3 : 1))
    const asked = await Promise.all(counts.map((count, index) => ask(world, `u${index}`, { count })))
    const order = asked.map(({ reservation: { id } }) => id)
    const waited = asked.flatMap(({ reservation: r }) => (r.state === 'waiting' ? [r] : []))
    assert.ok(waited.length > 180)
    const served: string[] = []
    for (let round = 0; served.length < order.length; round += 1) {
      assert.ok(round < 200, `stuck after ${served.length}`)
      if (round === 20) await world.restart()
      const { reservations } = await world.store.snapshot()
      const open = reservations.filter((r) => r.state === 'active')
      assert.ok(open.reduce((sum, r) => sum + r.count, 0) <= 10)
      served.push(...open.map((r) => r.id).filter((id) => !served.includes(id)))
      world.advance(MINUTE)
      await world.settle()
    }
    const turns = new Map(asked.map(({ reservation: { id, position } }) => [id, position ?? 0]))
    const starts = await Promise.all(served.map(async (id) => (await world.store.reservation(id))?.activeAt ?? 0))
    for (let index = 1; index < served.length; index += 1) {
      assert.ok((starts[index] ?? 0) >= (starts[index - 1] ?? 0))
    }
    // Requests that began in the same tick have no order; all others are served in order.
    const ranked = served.map((id, index) => ({ turn: turns.get(id) ?? 0, start: starts[index] ?? 0 }))
    for (const a of ranked) for (const b of ranked) assert.ok(a.turn > b.turn || a.start <= b.start)
  })

  it('resumes what was waiting or being prepared when the manager died', async () => {
    const world = await full(1)
    const { reservation: first } = await ask(world, 'alice')
    const { reservation: second } = await ask(world, 'bob')
    assert.deepEqual([first.state, second.state], ['active', 'waiting'])
    world.accounts.createAccounts = () => new Promise(() => undefined)
    world.advance(MINUTE)
    for (let round = 0; round < 10 && (await stateOf(world, second.id)) !== 'preparing'; round += 1) {
      await world.reconciler.tick()
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    assert.equal(await stateOf(world, second.id), 'preparing')
    Reflect.deleteProperty(world.accounts, 'createAccounts')
    await world.restart()
    await world.settle()
    assert.deepEqual(world.logins(), ['bob@p-1'])
    assert.equal(await stateOf(world, second.id), 'active')
  })

  it('finishes a promised reserve whose manager died, and ends one that is not promised', async () => {
    const world = await full(2)
    const p = pool({ size: 2 })
    const request = { pool: p, password: 'x', count: 1, durationMs: MINUTE }
    world.accounts.createAccounts = () => new Promise(() => undefined)
    void world.reservations.reserve({ ...request, username: 'alice', idempotency: sent() }, ANONYMOUS)
    void world.reservations.reserve({ ...request, username: 'bob' }, ANONYMOUS)
    await new Promise((resolve) => setTimeout(resolve, 20))
    Reflect.deleteProperty(world.accounts, 'createAccounts')
    await world.restart()
    await world.settle()
    const [login, ...others] = world.logins()
    assert.match(login ?? '', /^alice@/)
    assert.deepEqual(others, [])
    const repeat = { ...request, username: 'alice', idempotency: sent({ salt: 'new' }) }
    const again = await world.reservations.reserve(repeat, ANONYMOUS)
    assert.deepEqual([again.reservation.state, again.reservation.username], ['active', 'alice'])
    assert.equal((await world.store.snapshot()).reservations.length, 1, 'reserved once')
    await assert.rejects(
      world.reservations.reserve({ ...request, username: 'alice', idempotency: sent({ body: 'other' }) }, ANONYMOUS),
      { code: 'idempotency_mismatch' },
    )
    const states = (await world.states()).map((line) => line.split(' ').slice(1).join(' '))
    assert.deepEqual(states.toSorted(), ['ready 2', 'reserved 1'])
  })

  it('fails a reservation whose account cannot be made, with the reason, and serves the next', async () => {
    const world = await full(1)
    await ask(world, 'alice')
    const { reservation: unlucky } = await ask(world, 'bob')
    const { reservation: next } = await ask(world, 'carol')
    const open = world.accounts.createAccounts.bind(world.accounts)
    world.accounts.createAccounts = async (targets, account) =>
      account.username === 'bob'
        ? new Map(targets.map(({ name }) => [name, new BerthError('guest_failed', 'no space left')]))
        : open(targets, account)
    world.advance(MINUTE)
    await world.settle()
    const { state, outcome, reason } = (await world.store.reservation(unlucky.id)) ?? {}
    assert.deepEqual({ state, outcome, reason }, { state: 'ended', outcome: 'failed', reason: 'no space left' })
    assert.equal(await stateOf(world, next.id), 'active')
    assert.deepEqual(world.logins(), ['carol@p-1'])
  })

  it('ends or resumes a failed preparation as soon as the database is available again', async () => {
    const away = new BerthError('database_unavailable', 'connection refused')
    for (const { error, state } of [
      { error: new BerthError('guest_failed', 'no space left'), state: 'ended' },
      { error: away, state: 'active' },
    ]) {
      let isAway = false
      const isRecorded = (verb: string, [, end]: readonly unknown[]) =>
        verb === 'takeOverPreparation' || (verb === 'end' && (end as { outcome: string }).outcome === 'failed')
      const world = await full(1, {
        faults: {
          accounts: (called) => (isAway && called === 'createAccounts' ? { when: 'before', error } : null),
          store: (called, _, args) => (isAway && isRecorded(called, args) ? { when: 'before', error: away } : null),
        },
      })
      await ask(world, 'alice')
      const { reservation } = await ask(world, 'bob')
      isAway = true
      world.advance(MINUTE)
      await world.settle()
      assert.equal(await stateOf(world, reservation.id), 'preparing')
      isAway = false
      await world.settle()
      world.advance(2_000)
      await world.settle()
      assert.equal(await stateOf(world, reservation.id), state)
    }
  })

  it('waits for an engine that does not answer, without failing a reservation', async () => {
    let away = false
    const error = new BerthError('engine_unavailable', 'no engine there')
    const world = await full(1, {
      faults: { accounts: (verb) => (away && verb === 'createAccounts' ? { when: 'before', error } : null) },
    })
    await ask(world, 'alice')
    const { reservation: second } = await ask(world, 'bob')
    away = true
    world.advance(MINUTE)
    await world.settle()
    assert.equal(await stateOf(world, second.id), 'preparing')
    away = false
    world.advance(2_000)
    await world.settle()
    assert.equal(await stateOf(world, second.id), 'active')
  })

  it('drops a reservation that is released while it waits', async () => {
    const world = await full(1)
    await ask(world, 'alice')
    const { reservation: second } = await ask(world, 'bob')
    const released = await world.reservations.release(second.id, ANONYMOUS)
    assert.deepEqual([released.reservation.state, released.reservation.outcome], ['ended', 'cancelled'])
    world.advance(MINUTE)
    await world.settle()
    assert.deepEqual(world.logins(), [])
  })

  it('measures the time in the queue', async () => {
    const world = await full(1)
    await ask(world, 'alice')
    await ask(world, 'bob')
    world.advance(MINUTE)
    await world.settle()
    assert.ok(world.measured.includes(`queue ${MINUTE}`))
  })

  it('enforces the limits of the caller', async () => {
    const world = await full(5)
    const by: Identity = {
      name: 'ann',
      role: 'user',
      limits: { ...UNLIMITED, containers: 2, durationMs: 2 * MINUTE, pools: ['p'] },
    }
    await ask(world, 'ann', { count: 2, by })
    await assert.rejects(ask(world, 'ann', { by }), {
      code: 'quota_exceeded',
      message: /2 containers at once and you hold 2/,
    })
    await assert.rejects(ask(world, 'ann', { count: 3, by }), { code: 'quota_exceeded' })
    const other: Identity = { ...by, limits: { ...by.limits, pools: ['q'] } }
    await assert.rejects(ask(world, 'ann', { by: other }), {
      code: 'forbidden',
      message: 'your token may not use pool "p"; it may use: q',
    })
    const long = { pool: pool({ size: 5 }), username: 'a', password: 'x', count: 1, durationMs: 3 * MINUTE }
    await assert.rejects(world.reservations.reserve(long, by), { code: 'invalid_request', message: /at most 2m/ })
    const [mine] = (await world.store.snapshot()).reservations
    const extended = await world.reservations.extend(mine?.id ?? '', (end) => end + HOUR, by)
    assert.equal(extended.reservation.expiresAt, world.now() + 2 * MINUTE)
    assert.equal(extended.clamped, '2m is the limit of your token')
  })

  it('shows users only their own reservations, and admins all', async () => {
    const world = await full(3)
    const user = (name: string): Identity => ({ name, role: 'user', limits: UNLIMITED })
    const { reservation: theirs } = await ask(world, 'ann', { by: user('ann') })
    const bob = user('bob')
    await assert.rejects(world.reservations.find(theirs.id, bob), { code: 'not_found' })
    await assert.rejects(
      world.reservations.extend(theirs.id, (end) => end + 1, bob),
      { code: 'not_found' },
    )
    await assert.rejects(world.reservations.keepAlive(theirs.id, bob), { code: 'not_found' })
    await assert.rejects(world.reservations.release(theirs.id, bob), { code: 'not_found' })
    assert.deepEqual(await world.reservations.releaseAll({}, bob), [])
    assert.deepEqual(world.logins(), ['ann@p-1'])
    assert.equal((await world.reservations.find(theirs.id, ANONYMOUS)).reservation.owner, 'ann')
    assert.deepEqual(await world.reservations.releaseAll({ username: 'nobody' }, ANONYMOUS), [])
    assert.deepEqual(await world.reservations.releaseAll({ username: 'ann', pool: 'p' }, ANONYMOUS), [theirs.id])
  })
})
