/** What happened before the span, or after it, is found however many events lie between. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, it } from 'node:test'
import { ANONYMOUS } from '../../../src/domain/identity.ts'
import { computeSeries, type SeriesRequest } from '../../../src/usecases/series/compute.ts'
import { NOW, pool } from '../../../lab/rows.ts'
import { createWorld } from '../../../lab/world.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

const folder = mkdtempSync(join(tmpdir(), 'berth-series-'))
after(() => rmSync(folder, { recursive: true }))
let files = 0

async function scene() {
  const database = join(folder, `${++files}.db`)
  const world = await createWorld({ database, pools: [pool({ name: 'alpine', size: 4 })] })
  await world.settle()
  const series = (some: Partial<SeriesRequest>) =>
    computeSeries(
      { store: world.store, pools: world.pools, clock: () => world.now() },
      { pool: null, from: NOW, to: world.now(), stepMs: MINUTE, ...some },
    )
  /** Other events, more than a read returns, over the next hour. */
  const busyHour = (pages = 2) => {
    const file = new DatabaseSync(database)
    const insert = file.prepare("insert into events (at, kind, by) values (?, 'token.created', 'root')")
    file.exec('begin')
    const count = pages * 21_000
    for (let nth = 1; nth <= count; nth += 1) insert.run(world.now() + Math.floor((nth / count) * HOUR))
    file.exec('commit')
    file.close()
    world.advance(HOUR)
  }
  const quarantine = async (name: string) => {
    await world.admin.quarantine(name, ANONYMOUS)
    world.advance(MINUTE)
  }
  const resize = async (size: number) => {
    await world.admin.resize('alpine', size, ANONYMOUS)
    await world.settle()
    world.advance(MINUTE)
  }
  return { world, series, busyHour, quarantine, resize }
}

const last = <T>(list: readonly T[]): T => {
  const found = list.at(-1)
  assert.ok(found)
  return found
}

describe('events before the span', () => {
  it('tell the states of containers that changed in it', async () => {
    const { world, series, busyHour, quarantine } = await scene()
    await quarantine('alpine-2')
    busyHour()
    const from = world.now()
    world.advance(5 * MINUTE)
    await world.admin.endQuarantine('alpine-2', ANONYMOUS)
    await world.settle()
    world.advance(5 * MINUTE)
    const { points } = await series({ from })
    assert.deepEqual(
      points.map(({ states }) => states.quarantined),
      [1, 1, 1, 1, 1, 0, 0, 0, 0, 0],
    )
  })

  it('tell when a recycling began', async () => {
    const { world, series, busyHour } = await scene()
    await world.admin.recycle('alpine-1', ANONYMOUS)
    busyHour()
    const from = world.now()
    await world.settle()
    world.advance(MINUTE)
    const [point] = (await series({ from })).points
    assert.deepEqual(point?.recycle, { count: 1, p50: HOUR, p95: HOUR, max: HOUR })
  })

  it('tell the size, if it changed in the span or later', async () => {
    const { world, series, busyHour, resize } = await scene()
    await resize(2)
    busyHour()
    const from = world.now()
    world.advance(MINUTE)
    await resize(3)
    assert.deepEqual(
      (await series({ from })).points.map(({ size }) => size),
      [2, 3],
    )
    assert.equal(last((await series({ from, to: from + MINUTE })).points).size, 2)
  })

  it('are not needed where the first event in the span tells the state before', async () => {
    const { world, series, busyHour } = await scene()
    busyHour()
    const from = world.now()
    world.advance(MINUTE)
    const [alpine] = world.pools.all()
    assert.ok(alpine)
    const request = { pool: alpine, username: 'alice', count: 4, durationMs: HOUR }
    await world.reservations.reserve(request, ANONYMOUS)
    world.advance(MINUTE)
    await world.store.prune(from - 1, 100_000)
    const states = (await series({ from })).points.map((point) => [point.states.ready, point.states.reserved])
    assert.deepEqual(states, [
      [4, 0],
      [0, 4],
    ])
  })
})

describe('events after the span', () => {
  it('tell of containers that were dropped since, and had not changed in the span', async () => {
    const { world, series, busyHour, resize } = await scene()
    world.advance(HOUR)
    const to = world.now()
    busyHour()
    await resize(1)
    const before = last((await series({ from: to - MINUTE, to })).points)
    assert.deepEqual([before.states.ready, before.size], [4, 4])
    const now = last((await series({ from: world.now() - MINUTE })).points)
    assert.deepEqual([now.states.ready, now.size], [1, 1])
  })

  it('do not change what the span shows of containers that changed since', async () => {
    const { world, series, busyHour, quarantine } = await scene()
    world.advance(HOUR)
    const to = world.now()
    busyHour()
    await quarantine('alpine-2')
    assert.equal(last((await series({ from: to - MINUTE, to })).points).states.ready, 4)
    assert.equal(last((await series({})).points).states.quarantined, 1)
  })
})
