/** The end of access when the doors confirm it, and what happens to the containers then. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BerthError } from '../../../src/domain/errors.ts'
import { ANONYMOUS } from '../../../src/domain/identity.ts'
import { eventually } from '../../../lab/eventually.ts'
import type { Fault } from '../../../lab/faulty.ts'
import { pool } from '../../../lab/rows.ts'
import { createWorld } from '../../../lab/world.ts'

const P = pool({ size: 1 })
const MINUTE_MS = 60_000

/** Alice holds p-1. `faults` makes verbs of the engine fail or wait; `cut` resolves when the doors have cut. */
async function scene({ hasDoor = true } = {}) {
  const faults = new Map<string, Fault>()
  const cut = Promise.withResolvers<void>()
  const signals: AbortSignal[] = []
  /** Ids of containers that tenants can reach past the doors. */
  const unguarded = new Set<string>()
  const door = {
    guards: (id: string) => !unguarded.has(id),
    cut(_: unknown, signal: AbortSignal) {
      signals.push(signal)
      const aborted = Promise.withResolvers<never>()
      signal.addEventListener('abort', () => aborted.reject(signal.reason))
      return Promise.race([cut.promise, aborted.promise])
    },
  }
  const world = await createWorld({
    pools: [P],
    faults: { engine: (verb) => faults.get(verb) ?? null },
    ...(hasDoor && { door }),
  })
  await world.settle()
  const request = { pool: P, username: 'alice', password: 'x', count: 1, durationMs: MINUTE_MS }
  const { reservation } = await world.reservations.reserve(request, ANONYMOUS)
  const before = (await world.store.container('p-1'))?.engineId ?? ''
  const release = () => world.reservations.release(reservation.id, ANONYMOUS)
  const reserve = () => world.reservations.reserve({ ...request, username: 'bob' }, ANONYMOUS)
  const stateNow = async () => (await world.store.reservation(reservation.id))?.state
  return { world, faults, cut, signals, unguarded, before, release, reserve, stateNow }
}

const never: Fault = { when: 'late', until: new Promise(() => {}) }
const failing: Fault = { when: 'before', error: new BerthError('engine_unavailable', 'it does not answer') }

describe('the end of access, confirmed by the doors', () => {
  for (const [how, fault] of Object.entries({ 'does not answer': never, fails: failing })) {
    it(`is recorded when the engine ${how}, and no other tenant gets the container before it was replaced`, async () => {
      const { world, faults, cut, before, release, reserve, stateNow } = await scene()
      for (const verb of ['kill', 'remove', 'list']) faults.set(verb, fault)
      cut.resolve()
      const { reservation } = await release()
      assert.equal(reservation.state, 'ended')
      assert.equal(world.host.find(before)?.state, 'running')
      await assert.rejects(reserve(), { code: 'not_enough' })
      if (fault === failing) await world.reconciler.tick()
      await assert.rejects(reserve())
      assert.deepEqual(await world.states(), ['p-1 removing 1'])
      faults.clear()
      // The job that waits for the engine belongs to a manager that is dead now.
      await world.restart()
      world.advance(MINUTE_MS)
      await world.settle()
      assert.equal(world.host.find(before), undefined)
      assert.deepEqual(await world.states(), ['p-1 ready 2'])
      assert.equal(await stateNow(), 'ended')
      await reserve()
      assert.deepEqual(world.logins(), ['bob@p-1'])
    })
  }

  it('is recorded once the engine confirms it, although a door does not', async () => {
    const { signals, release } = await scene()
    assert.equal((await release()).reservation.state, 'ended')
    assert.equal(signals[0]?.aborted, true)
  })

  it('waits for the engine while a door has not cut', async () => {
    const { faults, release, stateNow } = await scene()
    const killed = Promise.withResolvers<void>()
    faults.set('kill', { when: 'late', until: killed.promise })
    const releasing = release()
    await eventually(async () => (await stateNow()) === 'ending')
    killed.resolve()
    assert.equal((await releasing).reservation.state, 'ended')
  })

  it('is tried again if neither confirms it, and then recorded once', async () => {
    const { world, faults, cut, release, stateNow } = await scene()
    faults.set('kill', failing)
    await assert.rejects(release(), { code: 'engine_unavailable', message: /it does not answer/ })
    assert.equal(await stateNow(), 'ending')
    cut.resolve()
    await world.reconciler.enforceExpiry()
    await world.reconciler.idle()
    assert.equal(await stateNow(), 'ended')
    assert.equal(world.measured.filter((line) => line === 'ended p released').length, 1)
  })

  it('is not asked of any door where tenants have another way in', async () => {
    for (const hasDoor of [true, false]) {
      const { faults, signals, unguarded, before, release, stateNow } = await scene({ hasDoor })
      unguarded.add(before)
      faults.set('kill', failing)
      await assert.rejects(release(), { code: 'engine_unavailable' })
      assert.equal(await stateNow(), 'ending')
      assert.equal(signals.length, 0)
    }
  })
})
