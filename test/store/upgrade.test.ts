/** A database of the version before migration 0007, in use, is taken over by a manager of this version. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, it } from 'node:test'
import { specOf } from '../../src/domain/pool.ts'
import { holdersOf, type Reservation } from '../../src/domain/reservation.ts'
import type { Store } from '../../src/ports/store.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { namesOf, rowOf, statesOf } from '../contracts/store-bench.ts'
import { NOW, pool, reservation } from '../../lab/rows.ts'
import { createWorld, INSTANCE, type World } from '../../lab/world.ts'
import { readSchema } from './dump-schema.ts'

const BEFORE = readFileSync(new URL('../fixtures/store/database-0006.sql', import.meta.url), 'utf8')
const HOUR = 3_600_000

const folder = mkdtempSync(join(tmpdir(), 'berth-upgrade-'))
after(() => rmSync(folder, { recursive: true }))
let files = 0

function before(): string {
  const file = join(folder, `${++files}.db`)
  const database = new DatabaseSync(file)
  database.exec(BEFORE)
  database.close()
  return file
}

async function upgraded(): Promise<{ store: Store; file: string }> {
  const file = before()
  const store = await openSqlite(file, 'here')
  after(() => store.close())
  return { store, file }
}

function then(some: Partial<Reservation>): Reservation {
  const base = {
    owner: 'anyone',
    durationMs: HOUR,
    promised: false,
    activeAt: null,
    expiresAt: null,
    notifiedEnd: null,
  }
  return reservation({ ...base, ...some })
}

const held = (...containers: [name: string, accountGeneration: number | null][]) =>
  containers.map(([container, accountGeneration]) => ({ container, accountGeneration }))

const OPEN: readonly Reservation[] = [
  then({
    id: 'active',
    owner: 'ann',
    passwordHash: null,
    sshKeys: ['ssh-ed25519 AAAA alice@laptop'],
    count: 2,
    createdAt: NOW + 6,
    prepareBy: NOW + 10_000,
    activeAt: NOW + 9,
    expiresAt: NOW + 9 + 2 * HOUR,
    keepaliveMs: 300_000,
    aliveUntil: NOW + 9 + 300_000,
    notifiedEnd: NOW + 9 + 2 * HOUR,
    notifiedLeft: 600_000,
    note: 'demo; drop table holds',
    holds: held(['p-1', 2], ['p-2', 1]),
  }),
  then({
    id: 'promised',
    owner: 'ann',
    username: 'carol',
    state: 'preparing',
    promised: true,
    createdAt: NOW + 11,
    prepareBy: NOW + 30_000,
    holds: held(['p-3', null]),
  }),
  then({
    id: 'preparing',
    username: 'dave',
    state: 'preparing',
    createdAt: NOW + 12,
    prepareBy: NOW + 30_000,
    holds: held(['p-4', null]),
  }),
  then({
    id: 'ending',
    username: 'erin',
    passwordHash: null,
    state: 'ending',
    createdAt: NOW + 13,
    prepareBy: NOW + 10_000,
    activeAt: NOW + 14,
    expiresAt: NOW + 14 + HOUR,
    notifiedEnd: NOW + 14 + HOUR,
    endedAt: NOW + 15,
    outcome: 'released',
    holds: held(['p-5', 1]),
  }),
  then({
    id: 'second',
    username: 'frank',
    state: 'waiting',
    count: 4,
    promised: true,
    createdAt: NOW + 16,
    prepareBy: NOW + 10_000,
    waitUntil: NOW + 2 * HOUR,
    position: 1,
    holds: [],
  }),
  then({
    id: 'third',
    username: 'grace',
    state: 'waiting',
    promised: true,
    createdAt: NOW + 17,
    prepareBy: NOW + 10_000,
    waitUntil: NOW + HOUR,
    position: 2,
    keepaliveMs: 600_000,
    aliveUntil: NOW + 17 + 600_000,
    holds: [],
  }),
]

/** Creates the containers that the rows name. */
async function putOnEngine({ host, accounts, store, database }: World, file: string): Promise<void> {
  host.ledger = 'ledger-1'
  const { containers, reservations } = await store.snapshot()
  const holders = holdersOf(reservations)
  const byHand = new DatabaseSync(file)
  for (const { name, number, port, generation } of containers) {
    const made = host.add(specOf(INSTANCE, pool({ size: 7 }), { number, port, generation }), database)
    made.state = 'running'
    byHand.prepare('update containers set engine_id = ? where name = ?').run(made.id, name)
    const holder = holders.get(name)
    if (holder) host.lend(made.id, holder.id)
    if (holder?.state === 'active') accounts.users.set(made.id, new Set([holder.username]))
  }
  byHand.close()
}

describe('a database of 0006', () => {
  it('keeps every open reservation as it was: active, preparing, ending, waiting', async () => {
    const { store } = await upgraded()
    assert.deepEqual((await store.snapshot()).reservations, OPEN)
    assert.equal((await store.reservation('ended'))?.outcome, 'released')
  })

  it('keeps its containers, sizes, tokens, events, requests, identity and ledger', async () => {
    const { store } = await upgraded()
    assert.deepEqual(await statesOf(store), [
      ...['p-1 reserved 2', 'p-2 reserved 1', 'p-3 reserved 1', 'p-4 reserved 1', 'p-5 removing 1', 'p-6 ready 1'],
      'p-7 ready 1',
    ])
    assert.deepEqual((await store.snapshot()).sizes, new Map([['q', 3]]))
    assert.deepEqual(
      (await store.tokens()).map(({ id, limits }) => [id, limits]),
      [['abc', { pools: ['p'], quota: 3 }]],
    )
    assert.equal(await store.latestEvent(), 33)
    assert.equal((await store.earlier('ann', 'k', NOW + 20))?.result.reservation.id, 'promised')
    assert.equal(await store.databaseId(), '00000000-0000-4000-8000-000000000006')
    assert.equal(await store.useLedger({ ledger: 'ledger-1', instance: 'berth' }, 'lost', NOW), 0)
  })

  it('has the schema of a new one', async () => {
    const { file } = await upgraded()
    const fresh = join(folder, `${++files}.db`)
    await (await openSqlite(fresh)).close()
    assert.equal(readSchema(file), readSchema(fresh))
  })

  it('still allows one reservation per container', async () => {
    const { store } = await upgraded()
    await store.updateContainer(await rowOf(store, 'p-3'), { state: 'ready' }, NOW)
    const database = new DatabaseSync(join(folder, `${files}.db`))
    const thief = "insert into holds (reservation_id, container, current) values ('third', 'p-3', 1)"
    assert.throws(() => database.exec(thief), /UNIQUE/)
    database.close()
  })

  it('is taken over by a manager of this version: promised reservations become active, waiting ones are served in order', async () => {
    const file = before()
    const world = await createWorld({ pools: [pool({ size: 7 })], database: file })
    await putOnEngine(world, file)
    await world.restart()
    const { store } = world
    assert.equal((await store.reservation('promised'))?.prepareBy, 0)
    assert.equal((await store.leaderTerm()).leader, 'none')
    for (let round = 0; round < 8; round += 1) {
      world.advance(30_000)
      await world.settle()
    }
    const stateOf = async (id: string) => (await store.reservation(id))?.state
    assert.equal(await stateOf('active'), 'active')
    assert.deepEqual((await store.reservation('active'))?.holds, OPEN[0]?.holds, 'in the containers that it had')
    assert.equal(await stateOf('promised'), 'active')
    assert.equal((await store.reservation('preparing'))?.outcome, 'failed')
    assert.equal(await stateOf('ending'), 'ended')
    assert.equal(await stateOf('second'), 'active')
    const active = await store.reservations({ states: ['active'], limit: 10 })
    const names = active.flatMap(({ containers }) => namesOf(containers))
    assert.equal(new Set(names).size, names.length)
    await store.close()
  })
})
