/** Migrates a full database of the first version to this version. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, it } from 'node:test'
import type { Reservation } from '../../src/domain/reservation.ts'
import type { Store } from '../../src/ports/store.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { claimOf } from '../../lab/claims.ts'
import { rowOf, statesOf } from '../contracts/store-bench.ts'
import { container, NOW, reservation } from '../../lab/rows.ts'
import { readSchema } from './dump-schema.ts'

const BEFORE = readFileSync(new URL('../fixtures/store/database-0001.sql', import.meta.url), 'utf8')
const HOUR = 3_600_000

const folder = mkdtempSync(join(tmpdir(), 'berth-migration-'))
after(() => rmSync(folder, { recursive: true }))
let files = 0

/** Direct access to the file, not through the store. */
function sql<T>(file: string, work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(file)
  try {
    return work(database)
  } finally {
    database.close()
  }
}

function before(): string {
  const file = join(folder, `${++files}.db`)
  sql(file, (database) => database.exec(BEFORE))
  return file
}

/** Opens a migrated database of 0001. */
async function migrated(): Promise<{ store: Store; file: string }> {
  const file = before()
  const store = await openSqlite(file)
  after(() => store.close())
  return { store, file }
}

const rowsOf = (file: string, table: string) =>
  sql(file, (database) =>
    database
      .prepare(`select * from ${table} order by rowid`)
      .all()
      .map((row) => ({ ...row })),
  )

/** Fields that all reservations of the fixture share: version 0001 had no owners and no queue. */
function then(some: Partial<Reservation>): Reservation {
  const base = { owner: 'anyone', createdAt: NOW, durationMs: HOUR, prepareBy: NOW + 10_000, promised: false }
  // Credentials of ended reservations are erased.
  const over = some.state === 'ending' || some.state === 'ended' ? { passwordHash: null, sshKeys: [] } : {}
  return reservation({ ...base, ...{ activeAt: null, expiresAt: null, notifiedEnd: null }, ...over, ...some })
}

const held = (...containers: [name: string, accountGeneration: number | null][]) =>
  containers.map(([name, accountGeneration]) => ({ container: name, accountGeneration }))

const EXPECTED: readonly Reservation[] = [
  then({
    ...{ id: 'active', passwordHash: null, sshKeys: ['ssh-ed25519 AAAA alice@laptop'], count: 2 },
    ...{ activeAt: NOW + 9, expiresAt: NOW + 9 + HOUR, notifiedEnd: NOW + 9 + HOUR, keepaliveMs: 300_000 },
    ...{ aliveUntil: NOW + 9 + 300_000, note: 'demo; drop table holds', holds: held(['p-1', 4], ['p-2', 2]) },
  }),
  then({
    ...{ id: 'ending', username: 'dave', state: 'ending', activeAt: NOW + 10, expiresAt: NOW + 10 + HOUR },
    ...{ notifiedEnd: NOW + 10 + HOUR, endedAt: NOW + 11, outcome: 'abandoned', holds: held(['p-4', 1]) },
  }),
  then({
    ...{ id: 'expired', state: 'ended', activeAt: NOW + 4, expiresAt: NOW + 4 + HOUR, notifiedEnd: NOW + 4 + HOUR },
    ...{ endedAt: NOW + 5, outcome: 'expired', holds: held(['p-1', 2]) },
  }),
  then({
    ...{ id: 'failed', state: 'ended', count: 2, endedAt: NOW + 7, outcome: 'failed' },
    holds: held(['p-1', null], ['p-2', null]),
  }),
  then({ id: 'preparing', username: 'carol', state: 'preparing', holds: held(['p-3', null]) }),
  then({
    ...{ id: 'released', username: 'bob', state: 'ended', activeAt: NOW + 1, expiresAt: NOW + 1 + HOUR },
    ...{
      notifiedEnd: NOW + 1 + HOUR,
      endedAt: NOW + 2,
      outcome: 'released',
      note: "it's over",
      holds: held(['p-1', 1]),
    },
  }),
]

describe('a database of 0001', () => {
  it('matches the schema of 0001', () => {
    const file = before()
    assert.deepEqual(
      rowsOf(file, 'kysely_migration').map(({ name }) => name),
      ['0001-initial'],
    )
    assert.equal(rowsOf(file, 'reservations').length, EXPECTED.length)
    assert.throws(() => rowsOf(file, 'events'), /no such table/)
  })

  it('keeps every reservation, open or ended, with its holds', async () => {
    const { store } = await migrated()
    for (const expected of EXPECTED) {
      const { holds = [], ...found } = (await store.reservation(expected.id)) ?? {}
      const sorted = [...holds].sort((a, b) => (a.container < b.container ? -1 : 1))
      assert.deepEqual({ ...found, holds: sorted }, expected)
    }
    const { reservations } = await store.snapshot()
    assert.deepEqual(reservations.map(({ id }) => id).toSorted(), ['active', 'ending', 'preparing'])
    const listed = await store.reservations({ limit: 100 })
    assert.equal(listed.length, EXPECTED.length)
  })

  it('keeps every container unchanged, and the pool facts', async () => {
    const { store } = await migrated()
    assert.deepEqual(await statesOf(store), [
      ...['p-1 reserved 4', 'p-2 reserved 2', 'p-3 reserved 1', 'p-4 removing 1', 'p-5 broken 1', 'p-6 ready 1'],
    ])
    assert.deepEqual(
      await store.container('p-5'),
      container({
        ...{ number: 5, port: 2225, state: 'broken', since: NOW + 12, engineId: 'engine-p-5', hostKey: 'SHA256:p-5' },
        ...{ attempts: 3, retryAt: NOW + 9_000, error: 'no sshd' },
      }),
    )
    assert.deepEqual(await store.poolFacts(), new Map([['p', { os: `Debian "12"; it's`, names: ['root', 'sshd'] }]]))
  })

  it('starts without tokens, events, sizes and requests', async () => {
    const { store } = await migrated()
    assert.deepEqual([await store.tokens(), await store.latestEvent()], [[], 0])
    assert.equal((await store.snapshot()).sizes.size, 0)
    assert.equal(await store.earlier('anyone', 'key', NOW), null)
  })

  it('has the schema of a new database and no dangling references', async () => {
    const { store, file } = await migrated()
    const violations = (database: DatabaseSync) => database.prepare('pragma foreign_key_check').all()
    assert.deepEqual(sql(file, violations), [])
    assert.equal(rowsOf(file, 'holds').length, 8)
    const fresh = join(folder, `${++files}.db`)
    await (await openSqlite(fresh)).close()
    assert.equal(readSchema(file), readSchema(fresh))
    const orphan = "insert into holds (reservation_id, container) values ('nobody', 'p-6')"
    assert.throws(() => sql(file, (database) => database.exec(`pragma foreign_keys = on; ${orphan}`)), /FOREIGN KEY/)
    assert.equal((await store.snapshot()).containers.length, 6)
  })

  it('extends, ends, finishes and lends reservations after the migration', async () => {
    const { store } = await migrated()
    const end = NOW + 9 + HOUR
    assert.equal((await store.extend('active', end, end + 1, 'root', NOW + 20))?.expiresAt, end + 1)
    assert.ok(await store.keepAlive('active', NOW + 20))
    assert.ok(await store.activate('preparing', NOW + 20))
    assert.ok(await store.finish('ending', NOW + 20))
    // The unique index covers holds of the old version.
    const p1 = await rowOf(store, 'p-1')
    await store.updateContainer(p1, { state: 'ready', generation: 5 }, NOW + 20)
    await assert.rejects(store.claim(claimOf({ id: 'thief', count: 2 }), NOW + 20), /UNIQUE/)
    const ending = await store.end(['active'], { outcome: 'released' }, NOW + 21)
    assert.deepEqual(
      ending[0]?.containers.map(({ name }) => name),
      ['p-1', 'p-2'],
    )
    assert.ok(await store.finish('active', NOW + 22))
    assert.equal((await store.claim(claimOf({ id: 'next', count: 2 }), NOW + 22)).kind, 'claimed')
    assert.ok((await store.latestEvent()) > 0)
  })

  it('accepts the state quarantined, which 0001 did not have', async () => {
    const { store } = await migrated()
    assert.ok(await store.updateContainer(await rowOf(store, 'p-6'), { state: 'quarantined' }, NOW))
  })

  it('is unchanged by a migration that fails half way, and is migrated by the next attempt', async () => {
    const file = before()
    sql(file, (database) => database.exec('create table requests (what text)'))
    const tables = ['containers', 'reservations', 'holds', 'kysely_migration']
    const all = () => [readSchema(file), ...tables.map((table) => rowsOf(file, table))]
    const untouched = all()
    await assert.rejects(openSqlite(file), /requests/)
    assert.deepEqual(all(), untouched)
    sql(file, (database) => database.exec('drop table requests'))
    const store = await openSqlite(file)
    assert.equal((await store.reservations({ limit: 100 })).length, EXPECTED.length)
    await store.close()
  })

  it('is migrated once', async () => {
    const { store, file } = await migrated()
    await store.end(['active'], { outcome: 'released' }, NOW)
    const again = await openSqlite(file)
    assert.equal((await again.reservation('active'))?.state, 'ending')
    await again.close()
  })
})
