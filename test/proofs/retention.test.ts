/** The database over many months: what is old goes, a little at a time, and what is kept does not grow. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, it } from 'node:test'
import { createRetention } from '../../src/usecases/retention.ts'
import type { Store } from '../../src/ports/store.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { claimOf } from '../../lab/claims.ts'
import { fill } from '../contracts/store-bench.ts'
import { effort, tried } from '../../lab/proof.ts'
import { NOW } from '../../lab/rows.ts'

const HOUR = 3_600_000
const MONTH = 30 * 24 * HOUR
/** As much as one step may delete of each of reservations and events. */
const STEP = 500

const folder = mkdtempSync(join(tmpdir(), 'berth-retention-'))
after(() => rmSync(folder, { recursive: true }))
const quiet = () => undefined
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet }

/**
 * Runs a reservation of two containers, with everything that it leaves behind: holds, events, a request's key. Its
 * containers are replaced.
 */
async function live(store: Store, id: string, begin: number): Promise<void> {
  const request = { key: `key ${id}`, body: 'b'.repeat(64), salt: 's'.repeat(32) }
  const claimed = await store.claim(
    claimOf({ id, count: 2, request, note: 'n'.repeat(100), prepareBy: begin + HOUR }),
    begin,
  )
  assert.equal(claimed.kind, 'claimed')
  await store.activate(id, begin)
  await store.end([id], { outcome: 'released' }, begin + HOUR)
  await store.finish(id, begin + HOUR)
  const { containers } = await store.snapshot()
  for (const row of containers.filter(({ state }) => state === 'removing')) {
    const fresh = { state: 'creating', generation: row.generation + 1, engineId: null, hostKey: null } as const
    await store.updateContainer(row, fresh, begin + HOUR)
    const patch = { state: 'ready', engineId: `engine-${row.name}`, hostKey: 'SHA256:key' } as const
    await store.updateContainer({ ...row, ...fresh }, patch, begin + HOUR)
  }
}

/** Rows of each table that grows, and how many pages the file has; the write-ahead log is written back before. */
function size(file: string) {
  const db = new DatabaseSync(file)
  try {
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    const count = (table: string) => Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n'])
    const tables = ['reservations', 'holds', 'requests', 'events']
    const rows = Object.fromEntries(tables.map((table) => [table, count(table)]))
    const pages = Number(db.prepare('PRAGMA page_count').get()?.['page_count'])
    return { rows, pages }
  } finally {
    db.close()
  }
}

/** Prunes until nothing is left to do. Returns the number of steps. */
async function forget(store: Pick<Store, 'prune' | 'pruneSessions'>, now: number, keepMs: number): Promise<number> {
  let time = now
  const retention = createRetention({ store, clock: () => time, log, keepMs: () => keepMs })
  for (let steps = 1; ; steps += 1) {
    const next = await retention.step()
    if (next - time > 1_000) return steps
    time = next
  }
}

it('A database that is used for years is as large as one that is used for three months', async (t) => {
  const months = effort({ test: 5, prove: 36 })
  const each = effort({ test: 40, prove: 200 })
  const file = join(folder, 'months.db')
  const store = await openSqlite(file)
  await fill(store, 4)
  const sizes: ReturnType<typeof size>[] = []
  for (let month = 0; month < months; month += 1) {
    for (let nth = 0; nth < each; nth += 1) {
      await live(store, `m${month}-${nth}`, NOW + month * MONTH + nth * (MONTH / each))
    }
    await forget(store, NOW + (month + 1) * MONTH, 2 * MONTH)
    sizes.push(size(file))
  }
  await store.close()
  const [first, second, third, ...later] = sizes
  assert.ok(first && second && third)
  // Not everything goes, and it did grow before there was anything old enough.
  assert.equal(second.rows['reservations'], 2 * each)
  assert.ok(second.pages > first.pages * 1.15, `${first.pages} and ${second.pages} pages`)
  for (const { rows, pages } of later) {
    assert.deepEqual(rows, third.rows)
    assert.ok(pages <= third.pages * 1.1, `${pages} pages, ${third.pages} after three months`)
  }
  // Each month has left as many events; without forgetting there would be all of them.
  assert.ok((third.rows['events'] ?? 0) < 4 * 2 * each * 10)
  tried(t, months, 'simulated months')
  tried(t, months * each, 'reservations that came and went')
})

it('What is old goes in steps of at most 500 reservations and 500 events, and claims come in between', async (t) => {
  const many = effort({ test: 550, prove: 8_000 })
  const store = await openSqlite(':memory:')
  await fill(store, 4)
  for (let nth = 0; nth < many; nth += 1) await live(store, `r${nth}`, NOW + nth)
  const order: string[] = []
  const steps: { reservations: number; events: number }[] = []
  let waiting = Promise.resolve()
  const prune: Store['prune'] = async (before, most) => {
    const gone = await store.prune(before, most)
    order.push('step')
    steps.push(gone)
    return gone
  }
  const counted = {
    pruneSessions: store.pruneSessions,
    prune: (before: number, most: number) => {
      const step = prune(before, most)
      // It asks while the step is at work, and has its turn before the next one.
      const id = `c${steps.length}`
      waiting = waiting.then(async () => {
        await live(store, id, NOW + 100 * MONTH)
        order.push('claim')
      })
      return Promise.all([step, waiting]).then(([gone]) => gone)
    },
  }
  const count = await forget(counted, NOW + 100 * MONTH, MONTH)
  assert.ok(count > many / STEP, `${count} steps`)
  for (const { reservations, events } of steps) assert.ok(reservations <= STEP && events <= STEP)
  assert.deepEqual(order, Array.from({ length: count }, () => ['step', 'claim']).flat())
  assert.deepEqual((await store.reservations({ limit: many })).length, count, 'something that is old is still there')
  await store.close()
  tried(t, count, 'steps, a claim in each')
})

it('A reservation that is forgotten takes its holds and its Idempotency-Key with it; one that is not keeps them', async (t) => {
  const many = effort({ test: 40, prove: 400 })
  const file = join(folder, 'relations.db')
  const store = await openSqlite(file)
  await fill(store, 4)
  for (let nth = 0; nth < many; nth += 1) await live(store, `r${nth}`, NOW + nth * 1_000)
  for (let gone = 0; gone < many; gone += 7) {
    await store.prune(NOW + HOUR + gone * 1_000, STEP)
    const left = many - gone
    const { rows } = size(file)
    assert.deepEqual([rows['reservations'], rows['holds'], rows['requests']], [left, 2 * left, left])
    for (const nth of [gone - 1, gone]) {
      const earlier = await store.earlier('anyone', `key r${nth}`, NOW + nth * 1_000)
      assert.equal(earlier?.result.reservation.id, nth < gone ? undefined : `r${nth}`)
    }
  }
  await store.close()
  tried(t, many, 'reservations')
})
