/** A snapshot is what is in the database, whoever has written it: this store, another one, or somebody by hand. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, it, mock } from 'node:test'
import fc from 'fast-check'
import type { Container } from '../../src/core/container.ts'
import type { Snapshot, Store } from '../../src/core/store.ts'
import { migrate } from '../../src/store/migrate.ts'
import { createSqlStore } from '../../src/store/sql-store.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { connectSqlite } from '../../src/store/sqlite-driver.ts'
import { openSnapshots } from '../../src/store/sqlite-snapshots.ts'
import { claimOf, claimed, fill, places } from '../contracts/store-bench.ts'
import { eventually } from '../support/eventually.ts'
import { NOW } from '../support/rows.ts'

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

/** What somebody reads who knows nothing yet. */
function inFile(file: string): Snapshot {
  return byHand(file, (database) => {
    const snapshot = openSnapshots(database).now()
    assert.ok(snapshot)
    return snapshot
  })
}

interface Bench {
  readonly file: string
  readonly stores: readonly [Store, Store]
}

/** A step of one store, or of somebody by hand. Many are refused, and some of those only after they have written. */
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
  // A guard in the database then makes a claim fail after it has written.
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
  it('is what the file holds, after any history of two stores on it and of somebody by hand', async () => {
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
          assert.deepEqual(snapshot, inFile(bench.file))
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
    it(`that is asked for during a transaction waits for it, and shows it only if it is ${how}`, async () => {
      const { db, database } = connectSqlite(freshFile())
      await migrate(db)
      const store = createSqlStore(db, openSnapshots(database), 'one')
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

  it('is looked for once for all who ask in one turn of the event loop, at its end', async () => {
    const file = freshFile()
    const { db, database } = connectSqlite(file)
    await migrate(db)
    const snapshots = openSnapshots(database)
    const now = mock.fn(snapshots.now)
    const store = createSqlStore(db, { ...snapshots, now }, 'one')
    await fill(store, 2)
    now.mock.resetCalls()
    const asked = [store.snapshot(), store.snapshot()]
    byHand(file, (other) => other.exec("update containers set state = 'broken'"))
    const [one, other] = await Promise.all(asked)
    assert.deepEqual(one, inFile(file))
    assert.equal(other, one)
    assert.equal(now.mock.callCount(), 1)
    await store.snapshot()
    assert.equal(now.mock.callCount(), 2)
    await store.close()
  })

  it('that could not be looked for is looked for again', async () => {
    const { db, database } = connectSqlite(freshFile())
    await migrate(db)
    const snapshots = openSnapshots(database)
    const now = mock.fn(snapshots.now)
    const store = createSqlStore(db, { ...snapshots, now }, 'one')
    now.mock.mockImplementationOnce(() => {
      throw new Error('not now')
    })
    const asked = [store.snapshot(), store.snapshot()]
    for (const one of asked) await assert.rejects(one, /not now/)
    assert.deepEqual((await store.snapshot()).containers, [])
    await store.close()
  })

  it('shows what has changed of a hold, and of nothing else', async () => {
    const { file, stores } = await open()
    const [store] = stores
    const { containers } = await claimed(store)
    await store.snapshot()
    assert.ok(await store.recordOpened('r1', containers[0] as Container))
    assert.deepEqual(await store.snapshot(), inFile(file))
    assert.ok(await store.substitute('r1', 'p-1', 'why', NOW))
    assert.deepEqual(await store.snapshot(), inFile(file))
    for (const one of stores) await one.close()
  })

  it('of a change that was rolled back shows nothing of it', async () => {
    const { file, stores } = await open()
    const [store] = stores
    await claimed(store, { count: 2 })
    byHand(file, (database) => database.exec("update containers set state = 'ready' where name = 'p-2'"))
    const before = await store.snapshot()
    await assert.rejects(store.claim(claimOf({ id: 'r2', count: 3 }), NOW), /UNIQUE/)
    assert.deepEqual(await store.snapshot(), before)
    assert.deepEqual(await store.snapshot(), inFile(file))
    for (const one of stores) await one.close()
  })

  it('of many changes at once is read anew, and right', async () => {
    const { file, stores } = await open()
    const [store] = stores
    await store.addContainers(places(1_200, 'q'), NOW)
    assert.equal((await store.snapshot()).containers.length, SIZE + 1_200)
    assert.deepEqual(await store.snapshot(), inFile(file))
    for (const one of stores) await one.close()
  })
})
