/** A snapshot shows the database as it is, whether this store, another store or a person wrote to it. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, it } from 'node:test'
import fc from 'fast-check'
import type { Container } from '../../../src/domain/container.ts'
import type { Store } from '../../../src/ports/store.ts'
import type { Snapshot } from '../../../src/domain/snapshot.ts'
import { migrate, SQLITE_MIGRATIONS } from '../../../src/store/migrate.ts'
import { createSqlStore } from '../../../src/store/sql/store.ts'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { connectSqlite } from '../../../src/store/sqlite/driver.ts'
import { claimOf } from '../../../lab/claims.ts'
import { claimed, fill, places } from '../../contracts/store-bench.ts'
import { eventually } from '../../../lab/eventually.ts'
import { NOW } from '../../../lab/rows.ts'

const HISTORIES = 60
const SIZE = 4

const folder = mkdtempSync(join(tmpdir(), 'berth-snapshots-'))
after(() => rmSync(folder, { recursive: true }))
let files = 0
const freshFile = () => join(folder, `${++files}.db`)

function byHand<T>(file: string, work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(file, { timeout: 5_000 })
  try {
    return work(database)
  } finally {
    database.close()
  }
}

/** The snapshot of a store that has just been opened. */
async function inFile(file: string): Promise<Snapshot> {
  const { db } = connectSqlite(file)
  const store = createSqlStore(db, 'reader')
  try {
    return await store.snapshot()
  } finally {
    await store.close()
  }
}

interface Bench {
  readonly file: string
  readonly stores: readonly [Store, Store]
}

/** A step of one store, or a change by hand. Many are refused, some of them only after they have written. */
type Step = (bench: Bench, store: Store) => Promise<unknown> | undefined

const id = fc.integer({ min: 1, max: 5 }).map((n) => `r${n}`)
const name = fc.integer({ min: 1, max: SIZE + 1 }).map((n) => `p-${n}`)
const later = fc.integer({ min: 1, max: 1_000 }).map((ms) => NOW + ms)

const step = (what: string, work: Step) => ({ what, work })
const sql = (text: string) => step(text, async ({ file }) => byHand(file, (database) => database.exec(text)))

const steps = fc.oneof(
  fc
    .tuple(id, fc.integer({ min: 1, max: 3 }), fc.boolean())
    .map(([one, count, waits]) =>
      step(`claim ${one} ${count} ${waits}`, (_, store) =>
        store.claim(claimOf({ id: one, count, waitUntil: waits ? NOW + 9_999 : null, keepaliveMs: 500 }), NOW),
      ),
    ),
  fc.tuple(id, later).map(([one, at]) => step(`assign ${one}`, (_, store) => store.assign(one, at, NOW))),
  fc.tuple(id, later).map(([one, at]) => step(`activate ${one}`, (_, store) => store.activate(one, at))),
  fc.tuple(id, name).map(([one, c]) => step(`substitute ${one} ${c}`, (_, s) => s.substitute(one, c, 'why', NOW))),
  fc.tuple(id, later).map(([one, at]) => step(`keepAlive ${one}`, (_, store) => store.keepAlive(one, at))),
  fc
    .array(id, { maxLength: 3 })
    .map((all) => step(`end ${all.join()}`, (_, s) => s.end(all, { outcome: 'released' }, NOW))),
  id.map((one) => step(`finish ${one}`, (_, store) => store.finish(one, NOW))),
  fc.tuple(name, fc.constantFrom('ready' as const, 'broken' as const, 'creating' as const)).map(([one, state]) =>
    step(`${one} ${state}`, async (_, store) => {
      const row = await store.container(one)
      if (row) await store.updateContainer(row, { state, generation: row.generation + 1 }, NOW)
    }),
  ),
  name.map((one) =>
    step(`drop ${one}`, async (_, store) => {
      const row = await store.container(one)
      if (row) await store.dropContainer(row, NOW)
    }),
  ),
  fc.integer({ min: 1, max: SIZE }).map((n) => step(`add ${n}`, (_, store) => store.addContainers(places(n), NOW))),
  fc
    .tuple(fc.integer({ min: 0, max: SIZE }), fc.boolean())
    .map(([size, pinned]) => step(`resize ${size} ${pinned}`, (_, s) => s.resizePool('p', { size, pinned }, 'a', NOW))),
  fc.constant(step('prune', (_, store) => store.prune(NOW + 10_000, 2))),
  id.map((one) => sql(`update reservations set expires_at = 7, note = 'by hand' where id = '${one}'`)),
  // A trigger then makes a claim fail after it has written.
  name.map((one) => sql(`update containers set state = 'ready' where name = '${one}'`)),
  name.map((one) => sql(`update containers set number = number + 10 where name = '${one}'`)),
  fc.constant(sql('delete from containers')),
  fc.constant(sql("insert or replace into pool_sizes values ('p', 2)")),
)

async function open(): Promise<Bench> {
  const file = freshFile()
  const stores = [await openSqlite(file, 'one'), await openSqlite(file, 'other')] as const
  await fill(stores[0], SIZE)
  return { file, stores }
}

describe('a snapshot', () => {
  it('equals the file after any history of two stores and changes by hand', async () => {
    const history = fc.array(fc.tuple(steps, fc.nat(1), fc.nat(1)), { minLength: 1, maxLength: 25 })
    await fc.assert(
      fc.asyncProperty(history, async (turns) => {
        const bench = await open()
        const kept: { snapshot: Snapshot; was: string }[] = []
        const texts = (snapshot: Snapshot) => JSON.stringify([snapshot, ...snapshot.sizes])
        for (const [{ work }, whose, looks] of turns) {
          const store = bench.stores[whose] as Store
          await Promise.resolve(work(bench, store)).catch(() => undefined)
          const reader = bench.stores[looks] as Store
          const snapshot = await reader.snapshot()
          assert.deepEqual(snapshot, await inFile(bench.file))
          assert.equal(await reader.snapshot(), snapshot, 'the same object while nothing has changed')
          kept.push({ snapshot, was: texts(snapshot) })
        }
        for (const { snapshot, was } of kept) assert.equal(texts(snapshot), was, 'what was handed out has changed')
        for (const store of bench.stores) await store.close()
      }),
      { numRuns: HISTORIES },
    )
  })

  for (const how of ['committed', 'rolled back']) {
    it(`that is requested during a transaction waits for it, and shows it only if it is ${how}`, async () => {
      const { db, database } = connectSqlite(freshFile())
      await migrate(db, SQLITE_MIGRATIONS)
      const store = createSqlStore(db, 'one')
      await fill(store, 2)
      const before = await store.snapshot()
      const { promise: end, resolve } = Promise.withResolvers<void>()
      const writing = db.transaction().execute(async (tx) => {
        await tx.updateTable('containers').set({ state: 'broken' }).execute()
        await end
        if (how !== 'committed') throw new Error('no')
      })
      await eventually(async () => database.isTransaction)
      const asked = store.snapshot()
      resolve()
      await writing.catch(() => undefined)
      const states = (await asked).containers.map(({ state }) => state)
      assert.deepEqual(states, how === 'committed' ? ['broken', 'broken'] : ['ready', 'ready'])
      assert.deepEqual(
        before.containers.map(({ state }) => state),
        ['ready', 'ready'],
      )
      assert.deepEqual(await store.snapshot(), await asked)
      await store.close()
    })
  }

  it('is read once for all calls of one turn of the event loop', async () => {
    const { file, stores } = await open()
    const [store] = stores
    const asked = [store.snapshot(), store.snapshot()]
    assert.equal(asked[1], asked[0])
    byHand(file, (other) => other.exec("update containers set state = 'broken'"))
    assert.deepEqual(await asked[0], await inFile(file))
    const next = store.snapshot()
    assert.notEqual(next, asked[0])
    await next
    for (const one of stores) await one.close()
  })

  it('is read by the next call after a failed read', async () => {
    const { file, stores } = await open()
    const [store] = stores
    byHand(file, (other) => other.exec('alter table changes rename to elsewhere'))
    const asked = [store.snapshot(), store.snapshot()]
    for (const one of asked) await assert.rejects(one, /no such table/)
    byHand(file, (other) => other.exec('alter table elsewhere rename to changes'))
    assert.deepEqual(await store.snapshot(), await inFile(file))
    for (const one of stores) await one.close()
  })

  it('changes only the reservation whose hold has changed', async () => {
    const { file, stores } = await open()
    const [store] = stores
    const { containers } = await claimed(store)
    await store.snapshot()
    assert.ok(await store.recordAccount('r1', containers[0] as Container))
    assert.deepEqual(await store.snapshot(), await inFile(file))
    assert.ok(await store.substitute('r1', 'p-1', 'why', NOW))
    assert.deepEqual(await store.snapshot(), await inFile(file))
    for (const one of stores) await one.close()
  })

  it('does not show a change that was rolled back', async () => {
    const { file, stores } = await open()
    const [store] = stores
    await claimed(store, { count: 2 })
    byHand(file, (database) => database.exec("update containers set state = 'ready' where name = 'p-2'"))
    const before = await store.snapshot()
    await assert.rejects(store.claim(claimOf({ id: 'r2', count: 3 }), NOW), /UNIQUE/)
    assert.deepEqual(await store.snapshot(), before)
    assert.deepEqual(await store.snapshot(), await inFile(file))
    for (const one of stores) await one.close()
  })

  it('is correct after many changes at once', async () => {
    const { file, stores } = await open()
    const [store, other] = stores
    await store.snapshot()
    await other.addContainers(places(1_200, 'q'), NOW)
    assert.equal((await store.snapshot()).containers.length, SIZE + 1_200)
    assert.deepEqual(await store.snapshot(), await inFile(file))
    for (const one of stores) await one.close()
  })

  it('is correct after changes that it had not seen were pruned', async () => {
    const { file, stores } = await open()
    const [store, other] = stores
    await store.snapshot()
    await other.addContainers(places(1_200, 'q'), NOW)
    await other.prune(NOW - 10_000, 1)
    const first = byHand(file, (database) => database.prepare('select min(revision) as n from changes').get())
    assert.ok(Number(first?.['n']) > SIZE * 2)
    assert.equal((await store.snapshot()).containers.length, SIZE + 1_200)
    for (const one of stores) await one.close()
  })

  it('shows no container or reservation that is gone', async () => {
    const { file, stores } = await open()
    const [store] = stores
    await claimed(store)
    await store.snapshot()
    byHand(file, (database) => database.exec('delete from holds; delete from reservations; delete from containers'))
    assert.deepEqual(await store.snapshot(), { containers: [], reservations: [], sizes: new Map() })
    for (const one of stores) await one.close()
  })
})
