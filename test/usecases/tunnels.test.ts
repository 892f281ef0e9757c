/** Tunnels when the database or the engine fails, and when a reservation ends while one is being opened. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BerthError } from '../../src/domain/errors.ts'
import { ANONYMOUS } from '../../src/domain/identity.ts'
import { eventually } from '../../lab/eventually.ts'
import type { Fault } from '../../lab/faulty.ts'
import { pool } from '../../lab/rows.ts'
import { createWorld } from '../../lab/world.ts'

const P = pool({ size: 1 })
const MINUTE_MS = 60_000
const SSHD = { host: '127.0.0.1', port: 2_221 }

/** A container is reserved for a minute. `fail` makes verbs of a port fail. */
async function scene() {
  const faults = new Map<string, Fault>()
  const rule = (verb: string) => faults.get(verb) ?? null
  const world = await createWorld({ pools: [P], faults: { store: rule, engine: rule } })
  await world.settle()
  world.host.sshd = SSHD
  const request = { pool: P, username: 'alice', password: 'x', count: 1, durationMs: MINUTE_MS }
  const { reservation } = await world.reservations.reserve(request, ANONYMOUS)
  const closed: string[] = []
  const caller = { by: ANONYMOUS, credential: 'a token', isStillAllowed: async () => true }
  const connection = { ping: () => undefined, close: (why: string, reason: string) => void closed.push(why, reason) }
  return { world, faults, reservation, closed, open: () => world.tunnels.open('p-1', caller, connection) }
}

const failing = (code: 'database_unavailable' | 'engine_unavailable'): Fault => ({
  when: 'before',
  error: new BerthError(code, 'it does not answer'),
})

describe('a tunnel', () => {
  it('ends in time while the database cannot be read', async () => {
    const { world, faults, closed, open } = await scene()
    assert.deepEqual((await open()).address, SSHD)
    for (const verb of ['snapshot', 'reservation']) faults.set(verb, failing('database_unavailable'))
    world.advance(MINUTE_MS - 1)
    assert.equal(await world.tunnels.step(), world.now() + 1)
    assert.deepEqual(closed, [])
    world.advance(1)
    await world.tunnels.step()
    assert.equal(closed[0], 'over')
    assert.match(closed[1] ?? '', /^The reservation ended at \d\d:\d\d UTC\.$/)
    assert.equal(world.tunnels.count, 0)
  })

  it('ends a quarter of a second after its time while a read of the database does not return', async () => {
    const { world, faults, closed, open } = await scene()
    await open()
    const answer = Promise.withResolvers<void>()
    faults.set('snapshot', { when: 'late', until: answer.promise })
    world.advance(MINUTE_MS)
    const step = world.tunnels.step()
    assert.equal(world.tunnels.closeOverdue(), world.now() + 250)
    assert.deepEqual(closed, [])
    world.advance(250)
    assert.equal(world.tunnels.closeOverdue(), world.now() + 1_000)
    assert.equal(closed[0], 'over')
    answer.resolve()
    await step
    assert.equal(closed.length, 2)
  })

  it('is not opened while the database or the engine does not answer, and is not counted', async () => {
    const { world, faults, open } = await scene()
    faults.set('snapshot', failing('database_unavailable'))
    await assert.rejects(open(), { code: 'database_unavailable' })
    faults.clear()
    faults.set('sshAddress', failing('engine_unavailable'))
    await assert.rejects(open(), { code: 'engine_unavailable' })
    assert.equal(world.tunnels.count, 0)
  })

  it('is closed when the reservation ends while the engine is asked for the address', async () => {
    const { world, faults, reservation, closed, open } = await scene()
    const answer = Promise.withResolvers<void>()
    faults.set('sshAddress', { when: 'late', until: answer.promise })
    const opening = open()
    await eventually(async () => world.tunnels.count === 1)
    await world.reservations.release(reservation.id, ANONYMOUS)
    answer.resolve()
    await assert.rejects(opening, { code: 'not_active' })
    assert.equal(closed[0], 'over')
    assert.equal(world.tunnels.count, 0)
  })

  for (const [database, fault] of [
    ['answers', null],
    ['does not answer', failing('database_unavailable')],
  ] as const) {
    it(`closeIfOver closes it only after its end, while the database ${database}`, async () => {
      const { world, faults, closed, open } = await scene()
      const { closeIfOver } = await open()
      if (fault) for (const verb of ['snapshot', 'reservation']) faults.set(verb, fault)
      await closeIfOver()
      assert.deepEqual(closed, [])
      world.advance(MINUTE_MS)
      await closeIfOver()
      assert.equal(closed[0], 'over')
      assert.equal(world.tunnels.count, 0)
    })
  }

  it('is not opened by a manager that stops', async () => {
    const { world, closed, open } = await scene()
    await open()
    world.tunnels.stop()
    assert.deepEqual(closed, ['restarting', 'the manager stops'])
    await assert.rejects(open(), { code: 'engine_unavailable' })
  })
})
