/** Random histories, with an engine that fails before and after it obeys, damage from outside, and managers that die. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ANYONE } from '../../src/core/identity.ts'
import fc from 'fast-check'
import { BerthError, type ErrorCode } from '../../src/core/errors.ts'
import { dueNotice } from '../../src/core/notices.ts'
import { isActive } from '../../src/core/reservation.ts'
import { pool } from '../support/rows.ts'
import { createWorld, type World } from '../support/world.ts'

const MINUTE = 60_000
const POOLS = [pool({ size: 4 })]

type Step =
  | { do: 'reserve'; count: number; minutes: number; waits: boolean }
  | { do: 'cancel'; nth: number }
  | { do: 'release' | 'tick' | 'restart' | 'settle' }
  | { do: 'wait'; seconds: number }
  | { do: 'operate'; verb: 'recycle' | 'quarantine' | 'giveBack'; number: number }
  | { do: 'resize'; size: number | null }
  | { do: 'damage'; number: number; state: 'exited' | 'paused' | null }
  | { do: 'fault'; verb: string; when: 'before' | 'after'; code: ErrorCode }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('reserve' as const),
      count: fc.integer({ min: 1, max: 3 }),
      minutes: fc.integer({ min: 1, max: 5 }),
      waits: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const), nth: fc.integer({ min: 0, max: 3 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('release', 'tick', 'tick', 'restart', 'settle') }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.integer({ min: -30, max: 200 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('operate' as const),
      verb: fc.constantFrom('recycle' as const, 'quarantine' as const, 'giveBack' as const),
      number: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('resize' as const),
      size: fc.option(fc.integer({ min: 0, max: 4 }), { freq: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('damage' as const),
      number: fc.integer({ min: 1, max: 4 }),
      state: fc.constantFrom('exited' as const, 'paused' as const, null),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('fault' as const),
      verb: fc.constantFrom('list', 'create', 'start', 'kill', 'remove', 'survey', 'open', 'tell'),
      when: fc.constantFrom('before' as const, 'after' as const),
      code: fc.constantFrom<ErrorCode>('engine_unavailable', 'engine_failed', 'guest_failed'),
    }),
  },
)

/** Nobody is in a container that is not theirs, whatever has gone wrong so far. */
async function assertNoIntruder(world: World): Promise<void> {
  const { reservations } = await world.store.snapshot()
  const entitled = new Set(reservations.flatMap((r) => r.holds.map((h) => `${r.username}@${h.container}`)))
  for (const login of world.logins()) assert.ok(entitled.has(login), `${login} has no reservation`)
  const held = reservations.flatMap((r) => r.holds.map((h) => h.container))
  assert.equal(new Set(held).size, held.length, 'a container is held twice')
}

/** Once all is quiet: who may be in can be, nobody else is, and everything else is ready. */
async function assertHealthy(world: World): Promise<void> {
  const { containers, reservations } = await world.store.snapshot()
  const entitled = reservations
    .filter((r) => isActive(r, world.now()))
    .flatMap((r) => r.holds.map((h) => `${r.username}@${h.container}`))
  assert.deepEqual(world.logins(), entitled.toSorted())
  const held = new Set(reservations.flatMap((r) => r.holds.map((h) => h.container)))
  for (const c of containers) assert.equal(c.state, held.has(c.name) ? 'reserved' : 'ready', `${c.name}: ${c.error}`)
  assert.equal(world.host.all().length, containers.length, 'the engine has something that nobody knows of')
}

async function isAnybodyWaiting(world: World): Promise<boolean> {
  const { reservations } = await world.store.snapshot()
  return reservations.some((r) => r.state === 'waiting' || r.state === 'preparing')
}

async function assertServed(world: World, id: string): Promise<void> {
  const reservation = await world.store.reservation(id)
  assert.ok(reservation, 'what was queued is gone')
  const { state, activeAt, outcome, reason } = reservation
  const told = activeAt !== null || outcome === 'cancelled' || (outcome === 'failed' && reason !== null)
  assert.ok(told, `${id} was told to wait: ${state} ${outcome}`)
}

/** Everybody has heard what was due, and nobody anything after the end. */
async function assertTold(world: World, heard: readonly { username: string; at: number }[]): Promise<void> {
  const all = await world.store.reservations({ limit: 1_000 })
  const ends = new Map(all.map(({ reservation }) => [reservation.username, reservation.expiresAt ?? 0]))
  for (const { username, at } of heard) assert.ok(at < (ends.get(username) ?? 0), `${username} was told too late`)
  for (const { reservation } of all) assert.equal(dueNotice(reservation, world.now()), null)
}

it('loses nothing, leaks nothing, lets nobody in who should not be', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const pending: Extract<Step, { do: 'fault' }>[] = []
      const rule = (verb: string) => {
        const index = pending.findIndex((fault) => fault.verb === verb)
        const [fault] = index < 0 ? [] : pending.splice(index, 1)
        return fault ? { when: fault.when, error: new BerthError(fault.code, 'injected') } : null
      }
      const world = await createWorld({ pools: POOLS, faults: { engine: rule, accounts: rule } })
      const heard: { username: string; at: number }[] = []
      const tell = world.accounts.tell.bind(world.accounts)
      world.accounts.tell = (targets, news) => {
        heard.push({ username: news.username, at: world.now() })
        return tell(targets, news)
      }
      let users = 0
      const queued: string[] = []
      let latest = world.now()
      const promised = new Map<string, { until: number; containers: readonly string[] }>()
      for (const next of steps) {
        switch (next.do) {
          case 'reserve': {
            const username = `u${++users}`
            const request = {
              pool: pool({ size: 4 }),
              username,
              password: 'x',
              count: next.count,
              durationMs: next.minutes * MINUTE,
              ...(next.waits && { waitMs: 10 * MINUTE }),
            }
            const held = await world.reserving.reserve(request, ANYONE).catch(() => null)
            if (held?.reservation.state === 'waiting') queued.push(held.reservation.id)
            else if (held) {
              const containers = held.containers.map((c) => c.name)
              promised.set(username, { until: held.reservation.expiresAt ?? 0, containers })
            }
            break
          }
          case 'release':
            await world.reserving.releaseAll({}, ANYONE).catch(() => undefined)
            promised.clear()
            break
          case 'cancel': {
            const id = queued[next.nth]
            if (id !== undefined) await world.reserving.release(id, ANYONE).catch(() => undefined)
            break
          }
          case 'tick':
            await world.reconciler.tick()
            break
          case 'restart':
            await world.restart()
            break
          case 'settle':
            await world.settle().catch(() => undefined)
            break
          case 'wait':
            world.advance(next.seconds * 1_000)
            break
          case 'operate':
            await world.operating[next.verb](`p-${next.number}`, ANYONE).catch(() => undefined)
            break
          case 'resize':
            await world.operating.resize('p', next.size, ANYONE).catch(() => undefined)
            break
          case 'damage': {
            const container = world.host.holderOf(`p-${next.number}`)
            if (container) world.host.disturb(container.id, next.state)
            break
          }
          case 'fault':
            pending.push(next)
        }
        await assertNoIntruder(world)
        latest = Math.max(latest, world.now())
      }
      pending.length = 0
      for (const number of [1, 2, 3, 4]) await world.operating.giveBack(`p-${number}`, ANYONE).catch(() => undefined)
      await world.operating.resize('p', null, ANYONE)
      // Longer than any preparation may take and than any pause between attempts; then time for what that caused.
      for (let round = 0; round < 6; round += 1) {
        world.advance(20_000)
        latest = Math.max(latest, world.now())
        await world.settle()
      }
      // Everybody who was told to wait has had a turn by now, or was told why not.
      for (let round = 0; round < 30 && (await isAnybodyWaiting(world)); round += 1) {
        world.advance(30_000)
        latest = Math.max(latest, world.now())
        await world.settle()
      }
      await assertHealthy(world)
      await assertTold(world, heard)
      for (const id of queued) await assertServed(world, id)
      const { reservations } = await world.store.snapshot()
      for (const [username, { until, containers }] of promised) {
        if (until <= latest) continue
        const kept = reservations.find((r) => r.username === username)
        assert.deepEqual(
          kept?.holds.map((h) => h.container),
          containers,
          `${username} lost what was promised`,
        )
      }
    }),
    { numRuns: 200 },
  )
})
