/** When a whole manager notifies tenants, and of what. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BerthError } from '../../src/domain/errors.ts'
import { ANONYMOUS } from '../../src/domain/identity.ts'
import type { FaultRule } from '../../lab/faulty.ts'
import { pool } from '../../lab/rows.ts'
import { createWorld, type World } from '../../lab/world.ts'
import { turns } from '../support/world/turns.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const P = pool()

async function held({
  count = 1,
  minutes = 60,
  accounts,
}: {
  count?: number
  minutes?: number
  accounts?: FaultRule
} = {}) {
  const world = await createWorld(accounts ? { faults: { accounts } } : {})
  await world.settle()
  const request = { pool: P, username: 'alice', password: 'test', count, durationMs: minutes * MINUTE }
  const { reservation } = await world.reservations.reserve(request, ANONYMOUS)
  await world.settle()
  return { world, id: reservation.id }
}

async function wait(world: World, ms: number): Promise<void> {
  world.advance(ms)
  await world.settle()
}

/** Notifications since the last call, without times of day. */
function heard({ accounts: { notified } }: World): string[] {
  return notified.splice(0).map((line) => line.replace(/, until .*/, '').replace(/until .* UTC/, 'until then'))
}

const motd = ({ accounts, host }: World, name = 'p-1') => accounts.motds.get(host.holderOf(name)?.id ?? '') ?? ''
const until = (time: number) => new RegExp(` until ${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`)
const extend = (world: World, id: string, ms: number) => world.reservations.extend(id, (end) => end + ms, ANONYMOUS)

/** Notifications fail while it is on. */
function deaf() {
  const state = { on: false, tries: 0 }
  const rule: FaultRule = (verb) => {
    if (verb !== 'notify') return null
    state.tries += 1
    return state.on ? { when: 'before', error: new BerthError('engine_unavailable', 'injected') } : null
  }
  return { state, rule }
}

describe('a tenant', () => {
  it('finds the end in the motd, is warned twice before it, and gets a last line', async () => {
    const { world } = await held()
    assert.match(motd(world), until(world.now() + 60 * MINUTE))
    await wait(world, 50 * MINUTE - 1)
    assert.deepEqual(heard(world), [])
    await wait(world, 1)
    assert.deepEqual(heard(world), ['p-1 alice: 10 minutes left'])
    await wait(world, 5 * MINUTE)
    assert.deepEqual(heard(world), [])
    await wait(world, 4 * MINUTE)
    assert.deepEqual(heard(world), ['p-1 alice: 1 minute left'])
    await wait(world, 55 * SECOND)
    const last = 'p-1 alice: Time is up. Access ends in 5 seconds; this container is destroyed.'
    assert.deepEqual(heard(world), [last])
    await wait(world, 5 * SECOND - 1)
    assert.deepEqual(heard(world), [])
  })

  it('of a reservation of one minute is warned once, and gets a last line', async () => {
    const { world } = await held({ minutes: 1 })
    await wait(world, 30 * SECOND)
    assert.deepEqual(heard(world), ['p-1 alice: 30 seconds left'])
    await wait(world, 25 * SECOND)
    assert.equal(heard(world).length, 1)
  })

  it('gets no line in the last second, so that revocation has the engine to itself', async () => {
    const { world } = await held()
    await wait(world, 60 * MINUTE - SECOND + 1)
    assert.deepEqual(heard(world), [])
  })

  it('is notified in each container', async () => {
    const { world } = await held({ count: 3 })
    await wait(world, 50 * MINUTE)
    assert.deepEqual(
      heard(world).map((line) => line.slice(0, 3)),
      ['p-1', 'p-2', 'p-3'],
    )
  })

  it('is notified of an extension at once, and warned of the new end', async () => {
    const { world, id } = await held({ minutes: 20 })
    await wait(world, 10 * MINUTE)
    assert.equal(heard(world).length, 1)
    await extend(world, id, 15 * MINUTE)
    await wait(world, 0)
    assert.deepEqual(heard(world), ['p-1 alice: Extended until then.'])
    assert.match(motd(world), until(world.now() + 25 * MINUTE))
    await wait(world, 15 * MINUTE)
    assert.deepEqual(heard(world), ['p-1 alice: 10 minutes left'])
  })

  it('is notified once of two extensions at the same time', async () => {
    const { world, id } = await held()
    await extend(world, id, MINUTE)
    await extend(world, id, MINUTE)
    await wait(world, 0)
    assert.deepEqual(heard(world), ['p-1 alice: Extended until then.'])
    assert.match(motd(world), until(world.now() + 62 * MINUTE))
  })

  it('is notified by the next manager of what this one could not deliver, and of nothing twice', async () => {
    const { world } = await held()
    await wait(world, 50 * MINUTE)
    assert.equal(heard(world).length, 1)
    await world.restart()
    await wait(world, 30 * SECOND)
    assert.deepEqual(heard(world), [])
    world.advance(9 * MINUTE)
    await world.restart()
    await wait(world, 0)
    assert.deepEqual(heard(world), ['p-1 alice: 30 seconds left'])
  })

  it('is not notified after the end', async () => {
    const { world } = await held()
    await wait(world, 60 * MINUTE)
    await wait(world, -30 * MINUTE)
    assert.deepEqual(heard(world), [])
  })

  it('is not notified after a release', async () => {
    const { world } = await held()
    await world.reservations.releaseAll({}, ANONYMOUS)
    await wait(world, 50 * MINUTE)
    assert.deepEqual(heard(world), [])
  })

  it('gets one warning when the clock jumps over both', async () => {
    const { world } = await held()
    await wait(world, 60 * MINUTE - 20 * SECOND)
    assert.deepEqual(heard(world), ['p-1 alice: 20 seconds left'])
    await wait(world, -30 * MINUTE)
    await wait(world, 25 * MINUTE)
    assert.deepEqual(heard(world), [])
  })
})

describe('a notification that cannot be delivered', () => {
  it('is tried again with growing pauses until it works', async () => {
    const { state, rule } = deaf()
    const { world } = await held({ accounts: rule })
    state.on = true
    world.advance(50 * MINUTE)
    const tries: number[] = []
    for (let second = 0; second < 180; second += 1) {
      const before = state.tries
      for (let hint = 0; hint < 5; hint += 1) await wait(world, 0)
      if (state.tries > before) tries.push(second)
      world.advance(SECOND)
    }
    assert.deepEqual(tries, [0, 5, 15, 35, 75, 135])
    assert.equal(state.tries, tries.length)
    state.on = false
    await wait(world, MINUTE)
    assert.deepEqual(heard(world), ['p-1 alice: 6 minutes left'])
  })

  it('is given up after ten attempts; the next one is delivered', async () => {
    const { state, rule } = deaf()
    const { world, id } = await held({ accounts: rule, minutes: 20 * 60 })
    state.on = true
    await extend(world, id, 60 * MINUTE)
    for (let minute = 0; minute < 12 * 60; minute += 1) await wait(world, MINUTE)
    assert.equal(state.tries, 10)
    state.on = false
    await extend(world, id, 60 * MINUTE)
    await wait(world, MINUTE)
    assert.deepEqual(heard(world), ['p-1 alice: Extended until then.'])
  })

  it('does not make the manager tick again at once', async () => {
    const { state, rule } = deaf()
    const { world } = await held({ accounts: rule })
    state.on = true
    world.advance(50 * MINUTE)
    world.nudges = 0
    const due = await world.reconciler.tick()
    await world.reconciler.idle()
    assert.equal(world.nudges, 0)
    assert.equal(due, world.now() + 9 * MINUTE)
  })

  it('does not delay the next warning', async () => {
    const { state, rule } = deaf()
    const { world } = await held({ accounts: rule })
    state.on = true
    await wait(world, 58 * MINUTE + 30 * SECOND)
    await wait(world, 25 * SECOND)
    state.on = false
    await wait(world, 5 * SECOND)
    assert.deepEqual(heard(world), ['p-1 alice: 1 minute left'])
  })

  it('does not delay the end of access', async () => {
    const { state, rule } = deaf()
    const { world } = await held({ accounts: rule })
    state.on = true
    await wait(world, 59 * MINUTE)
    await wait(world, MINUTE)
    assert.deepEqual(world.logins(), [])
    assert.equal((await world.store.snapshot()).reservations.length, 0)
  })

  it('does not block the ends of other reservations while it is being delivered', async () => {
    const { world } = await held()
    const [begun, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const tell = world.accounts.notify.bind(world.accounts)
    world.accounts.notify = async (...args) => {
      begun.resolve()
      await over.promise
      return tell(...args)
    }
    world.advance(59 * MINUTE)
    await world.reconciler.tick()
    await begun.promise
    world.advance(MINUTE)
    await world.reconciler.tick()
    await turns(20)
    assert.deepEqual(world.logins(), [])
    over.resolve()
    await world.reconciler.idle()
    assert.deepEqual(heard(world), [])
  })
})

describe('a container that is down', () => {
  it('is notified when it is back, and the other containers once', async () => {
    const { world, id } = await held({ count: 3 })
    const container = world.host.holderOf('p-2')
    assert.ok(container)
    // Down, and the engine refuses to start it.
    world.host.disturb(container.id, 'exited')
    world.advance(50 * MINUTE)
    await world.reconciler.tick()
    await world.reconciler.idle()
    assert.deepEqual(
      heard(world).map((line) => line.slice(0, 3)),
      ['p-1', 'p-3'],
    )
    assert.equal((await world.store.reservation(id))?.notifiedLeft, null)
    await wait(world, 5 * SECOND)
    assert.deepEqual(
      heard(world).map((line) => line.slice(0, 3)),
      ['p-2'],
    )
    assert.equal((await world.store.reservation(id))?.notifiedLeft, 10 * MINUTE)
  })

  it('has the current end in its motd after a replacement', async () => {
    const { world, id } = await held()
    await extend(world, id, 30 * MINUTE)
    await wait(world, MINUTE)
    const container = world.host.holderOf('p-1')
    assert.ok(container)
    world.host.disturb(container.id, null)
    await wait(world, 0)
    assert.notEqual(world.host.holderOf('p-1')?.id, container.id)
    assert.match(motd(world), until(world.now() + 89 * MINUTE))
  })
})
