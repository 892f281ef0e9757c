/** The figures of a real history on the memory engine, compared with what /v1/usage and /metrics say of it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CONTAINER_STATES } from '../../../src/domain/container.ts'
import { ANONYMOUS } from '../../../src/domain/identity.ts'
import { usageOf } from '../../../src/domain/usage.ts'
import { openMetrics } from '../../../src/http/ops/metrics.ts'
import { computeSeries, type SeriesRequest } from '../../../src/usecases/series/compute.ts'
import { BUILD } from '../../../lab/api.ts'
import { NOW, pool } from '../../../lab/rows.ts'
import { createWorld, type World } from '../../../lab/world.ts'

const MINUTE = 60_000
const POOLS = [pool({ name: 'alpine', size: 3 }), pool({ name: 'big', size: 2, ports: [3_000, 3_001] })]

async function scene() {
  const metrics = openMetrics(BUILD)
  const world = await createWorld({ pools: POOLS, metrics })
  await world.settle()
  let names = 0
  const reserve = (count: number, minutes: number, some: { waitMs?: number; pool?: string } = {}) => {
    const of = world.pools.named(some.pool ?? 'alpine')
    assert.ok(of)
    const request = { pool: of, count, durationMs: minutes * MINUTE, username: `user${++names}` }
    const wait = some.waitMs === undefined ? {} : { waitMs: some.waitMs }
    return world.reservations.reserve({ ...request, ...wait }, ANONYMOUS)
  }
  /** Moves time in steps of a second, so that what is due is done within a second. */
  const pass = async (minutes: number) => {
    for (let second = 0; second < minutes * 60; second += 1) {
      world.advance(1_000)
      await world.reconciler.enforceExpiry()
      if (second % 5 === 0) await world.settle()
    }
  }
  const series = (some: Partial<SeriesRequest> = {}) =>
    computeSeries(
      { store: world.store, pools: world.pools, clock: () => world.now() },
      { pool: null, from: NOW, to: world.now(), stepMs: MINUTE, ...some },
    )
  const figure = async (line: string) => {
    const text = await metrics.render(world.pools.all(), await world.store.snapshot(), {
      now: world.now(),
      terminals: 0,
      tunnels: 0,
      gateway: 0,
      isLeading: true,
      clockOffsetMs: 0,
    })
    const found = text.split('\n').find((each) => each.startsWith(`${line} `))
    assert.ok(found, line)
    return Number(found.slice(line.length))
  }
  return { world, reserve, pass, series, figure }
}

type Scene = Awaited<ReturnType<typeof scene>>

/** Twenty minutes with reservations, a queue, refusals, a changed size, a quarantine and a broken image. */
async function busy(): Promise<Scene> {
  const made = await scene()
  const { world, reserve, pass } = made
  await reserve(2, 3)
  await pass(1)
  await reserve(2, 2, { waitMs: 10 * MINUTE })
  await assert.rejects(reserve(3, 1), { code: 'not_enough' })
  await pass(4)
  await assert.rejects(reserve(3, 1, { pool: 'big' }), { code: 'invalid_request' })
  await reserve(1, 4, { pool: 'big' })
  await pass(2)
  await world.admin.resize('alpine', 2, ANONYMOUS)
  await world.admin.quarantine('alpine-1', ANONYMOUS)
  await pass(3)
  await world.admin.endQuarantine('alpine-1', ANONYMOUS)
  await world.admin.resize('alpine', 3, ANONYMOUS)
  await pass(3)
  await reserve(1, 60)
  await reserve(3, 1, { waitMs: 10 * MINUTE })
  await pass(2)
  await world.refusals.flush()
  return made
}

const minutesReserved = async (world: World, name: string) => {
  const records = await world.store.usageRecords(NOW, world.now(), null)
  const rows = usageOf(records, { from: NOW, to: world.now(), by: 'pool', now: world.now() })
  return rows.find(({ key }) => key === name)?.containerMinutes
}

describe('series of a history', () => {
  let shared: Promise<Scene> | undefined
  /** One history for all tests that only read it. */
  const read = () => (shared ??= busy())

  it('have as many container minutes as /v1/usage, and as many waits', async () => {
    const { world, series } = await read()
    for (const { name } of POOLS) {
      const { points } = await series({ pool: name })
      const sum = points.reduce((total, { states }) => total + states.reserved, 0)
      assert.equal(Math.round(sum * 100) / 100, await minutesReserved(world, name))
    }
    const { points } = await series()
    const waited = points.reduce((total, { waiting }) => total + waiting * 60, 0)
    const records = await world.store.usageRecords(NOW, world.now(), null)
    const rows = usageOf(records, { from: NOW, to: world.now(), by: 'pool', now: world.now() })
    assert.equal(
      Math.round(waited),
      rows.reduce((total, { waitSeconds }) => total + waitSeconds, 0),
    )
    assert.ok(waited > 120, 'something has waited')
  })

  it('end with the gauges of /metrics', async () => {
    const { world, series, figure } = await read()
    const end = world.now()
    for (const { name } of POOLS) {
      const { points } = await series({ pool: name, from: end - 1_000, stepMs: 1_000 })
      const last = points.at(-1)
      assert.ok(last)
      for (const state of CONTAINER_STATES) {
        assert.equal(last.states[state], await figure(`berth_containers{pool="${name}",state="${state}"}`), state)
      }
      assert.equal(last.size, await figure(`berth_pool_size{pool="${name}"}`))
      assert.equal(last.waiting, await figure(`berth_queue_depth{pool="${name}"}`))
    }
  })

  it('count the reserves, recyclings and refusals that /metrics counts', async () => {
    const { series, figure } = await read()
    const { points } = await series()
    const sum = (of: (point: (typeof points)[number]) => number) => points.reduce((total, each) => total + of(each), 0)
    const operations = 'berth_operation_duration_seconds_count'
    assert.equal(
      sum(({ reserve }) => reserve.count),
      await figure(`${operations}{operation="reserve"}`),
    )
    assert.equal(
      sum(({ recycle }) => recycle.count),
      await figure(`${operations}{operation="recycle"}`),
    )
    assert.equal(
      sum(({ refusals }) => refusals.not_enough ?? 0),
      await figure('berth_reserves_refused_total{pool="alpine",code="not_enough"}'),
    )
    assert.ok(sum(({ refusals }) => refusals.not_enough ?? 0) > 0)
  })

  it('have as many containers in all states together as there are slots', async () => {
    const { series } = await read()
    const { points } = await series({ pool: 'big' })
    for (const { states } of points.slice(1)) {
      const sum = Object.values(states).reduce((total, each) => total + each, 0)
      assert.equal(Math.round(sum * 1_000) / 1_000, 2)
    }
  })

  it('show the sizes that admins chose', async () => {
    const { series } = await read()
    const { points } = await series({ pool: 'alpine' })
    assert.deepEqual(
      points.map(({ size }) => size),
      [3, 3, 3, 3, 3, 3, 3, 2, 2, 2, 3, 3, 3, 3, 3],
    )
    const quarantined = points.map(({ states }) => Math.round(states.quarantined * 100) / 100)
    assert.deepEqual(quarantined.slice(6, 11), [0, 1, 1, 1, 0])
  })

  it('are the same for a span that ended before, and in other steps', async () => {
    const { world, series } = await read()
    const whole = await series({ pool: 'alpine' })
    const { points } = await series({ pool: 'alpine', from: NOW + 5 * MINUTE, to: NOW + 8 * MINUTE })
    assert.deepEqual(points, whole.points.slice(5, 8))
    const [one] = (await series({ pool: 'alpine', stepMs: 60 * MINUTE })).points
    const minutes = (world.now() - NOW) / MINUTE
    const average = whole.points.reduce((sum, { states }) => sum + states.ready, 0) / minutes
    assert.equal(Math.round((one?.states.ready ?? 0) * 1e6), Math.round(average * 1e6))
  })

  it('of all pools are the sum of those of each', async () => {
    const { series } = await read()
    const [all, alpine, big] = await Promise.all([series(), series({ pool: 'alpine' }), series({ pool: 'big' })])
    for (const [index, { states, size }] of all.points.entries()) {
      const parts = [alpine.points[index], big.points[index]]
      const sum = (of: (part: (typeof all.points)[number] | undefined) => number) =>
        parts.reduce((total, part) => total + of(part), 0)
      assert.equal(
        size,
        sum((part) => part?.size ?? 0),
      )
      const reserved = sum((part) => part?.states.reserved ?? 0)
      assert.equal(Math.round(states.reserved * 1e6), Math.round(reserved * 1e6))
    }
  })

  it('begin with the oldest event that is kept, and show containers that have not changed since', async () => {
    const { world, series } = await busy()
    const before = await series({ pool: 'big' })
    assert.equal(before.keptSince, NOW)
    await world.store.prune(NOW + 6 * MINUTE, 100_000)
    const after = await series({ pool: 'big' })
    assert.ok(after.keptSince !== null && after.keptSince >= NOW + 6 * MINUTE)
    const shown = (points: typeof before.points) =>
      points.map(({ at, states, size }) => [at, states.ready, states.reserved, size])
    const rest = shown(before.points).slice(8)
    assert.deepEqual(shown(after.points).slice(-rest.length), rest)
    assert.ok(after.points.length < before.points.length)
  })

  it('are empty before the first event', async () => {
    const world = await createWorld({ pools: POOLS })
    const deps = { store: world.store, pools: world.pools, clock: () => world.now() }
    const series = await computeSeries(deps, { pool: null, from: NOW - MINUTE, to: NOW, stepMs: MINUTE })
    assert.deepEqual([series.keptSince, series.points], [null, []])
  })
})
