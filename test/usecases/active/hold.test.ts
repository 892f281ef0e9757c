/** Reservations on hold. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ANONYMOUS, UNLIMITED, type Identity } from '../../../src/domain/identity.ts'
import { pool } from '../../../lab/rows.ts'
import { createWorld, type World } from '../../../lab/world.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const P = pool({ duration: { default: HOUR, max: HOUR }, hold: { max: 2 * HOUR, containers: 2 } })
const EVE: Identity = { name: 'eve', role: 'user', limits: UNLIMITED }

async function filled(some = P): Promise<World> {
  const world = await createWorld({ pools: [some] })
  await world.settle()
  return world
}

async function reserve(world: World, some: { count?: number; keepaliveMs?: number } = {}): Promise<string> {
  const [named] = world.pools.all()
  assert.ok(named)
  const request = { pool: named, username: 'alice', password: 'test', count: 1, durationMs: HOUR, ...some }
  return (await world.reservations.reserve(request, ANONYMOUS)).reservation.id
}

describe('hold', () => {
  it('lasts as long as it says, whatever the pool allows otherwise, and needs no keepalive', async () => {
    const world = await filled()
    const id = await reserve(world, { keepaliveMs: MINUTE })
    world.advance(30_000)
    const held = await world.reservations.hold(id, 2 * HOUR, ANONYMOUS)
    assert.equal(held.expiresAt, world.now() + 2 * HOUR)
    world.advance(2 * HOUR - 1)
    await world.settle()
    assert.deepEqual(world.logins(), ['alice@p-1'])
    world.advance(1)
    await world.settle()
    assert.deepEqual(world.logins(), [])
    assert.equal((await world.store.reservation(id))?.outcome, 'expired')
  })

  it('can end earlier than the reservation would have', async () => {
    const world = await filled()
    const id = await reserve(world)
    assert.equal((await world.reservations.hold(id, MINUTE, ANONYMOUS)).expiresAt, world.now() + MINUTE)
  })

  it('is possible once', async () => {
    const world = await filled()
    const id = await reserve(world)
    await world.reservations.hold(id, MINUTE, ANONYMOUS)
    await assert.rejects(world.reservations.hold(id, MINUTE, ANONYMOUS), { code: 'conflict', message: /possible once/ })
  })

  it('is refused by a pool without `hold`, with the key to add', async () => {
    const world = await filled(pool())
    const id = await reserve(world)
    const message =
      /^pool "p" does not allow reservations on hold; .*berth\.yml: pools\.p\.hold: \{ max: 1h, containers: 2 \}$/
    await assert.rejects(world.reservations.hold(id, MINUTE, ANONYMOUS), { code: 'conflict', message })
  })

  it('is refused for a duration beyond the maximum, below a minute, or not valid', async () => {
    const world = await filled()
    const id = await reserve(world)
    for (const [ms, got] of [
      [2 * HOUR + 1, ', got 7200.001s'],
      [59_999, ', got 59.999s'],
      [Number.NaN, ''],
    ] as const) {
      const message = `duration must be a duration like 30m, from 1m to 2h, hold.max of pool "p"${got}`
      await assert.rejects(world.reservations.hold(id, ms, ANONYMOUS), { code: 'invalid_request', message })
    }
  })

  it('is refused when the pool has as many containers on hold as it may', async () => {
    const world = await filled()
    const id = await reserve(world, { count: 2 })
    const other = await reserve(world)
    await world.reservations.hold(id, MINUTE, ANONYMOUS)
    const message = /^pool "p" keeps at most 2 containers on hold at once; release/
    await assert.rejects(world.reservations.hold(other, MINUTE, ANONYMOUS), { code: 'conflict', message })
    await world.reservations.release(id, ANONYMOUS)
    await world.reservations.hold(other, MINUTE, ANONYMOUS)
  })

  it('is for an active reservation, and for its owner', async () => {
    const world = await filled()
    const id = await reserve(world)
    await assert.rejects(world.reservations.hold(id, MINUTE, EVE), { code: 'not_found' })
    await world.reservations.release(id, ANONYMOUS)
    await assert.rejects(world.reservations.hold(id, MINUTE, ANONYMOUS), { code: 'not_active' })
  })
})
