/** Two managers on one database, each with a clock of its own. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Leadership, type LeadershipDeps } from '../../../src/reconcile/managers/leadership.ts'
import { migrate, SQLITE_MIGRATIONS } from '../../../src/store/migrate.ts'
import { createSqlStore } from '../../../src/store/sql/store.ts'
import { connectSqlite } from '../../../src/store/sqlite/driver.ts'
import { NOW } from '../../../lab/rows.ts'
import { fill, rowOf } from '../../contracts/store-bench.ts'

const SECOND = 1_000
const log = { debug() {}, info() {}, warn() {}, error() {} }

class TestManager {
  readonly store: ReturnType<typeof createSqlStore>
  readonly leadership: Leadership
  time: number
  epoch: number | null = 0

  constructor(store: ReturnType<typeof createSqlStore>, time: number, some: Partial<LeadershipDeps> = {}) {
    this.store = store
    this.time = time
    const deps = { store: this.store, clock: () => this.time, clockEpoch: () => this.epoch, log, ...some }
    this.leadership = new Leadership(deps)
  }

  advance(ms: number): void {
    this.time += ms
  }

  leads(renew = false): Promise<boolean> {
    return this.leadership.leads(renew)
  }
}

async function twoManagers(t: { after(close: () => Promise<void>): void }) {
  const { db, database } = connectSqlite(':memory:')
  await migrate(db, SQLITE_MIGRATIONS)
  t.after(() => db.destroy())
  // The second one's clock is five minutes ahead.
  const one = new TestManager(createSqlStore(db, 'one'), NOW)
  return [one, new TestManager(createSqlStore(db, 'other'), NOW + 300 * SECOND), database] as const
}

describe('leadership', () => {
  it('stays with a manager that renews it, whatever the clocks say', async (t) => {
    const [one, other] = await twoManagers(t)
    for (let round = 0; round < 20; round += 1) {
      assert.equal(await one.leads(), true)
      assert.equal(await other.leads(), false)
      one.advance(5 * SECOND)
      other.advance(5 * SECOND)
    }
  })

  it('is taken over eight seconds after the last renewal was seen', async (t) => {
    const [one, other] = await twoManagers(t)
    await one.leads()
    assert.equal(await other.leads(), false)
    other.advance(8 * SECOND - 1)
    assert.equal(await other.leads(), false)
    other.advance(1)
    assert.equal(await other.leads(), true)
  })

  it('is logged when it changes, and not at each renewal', async (t) => {
    const [one, other] = await twoManagers(t)
    const lines: string[] = []
    const watched = { ...log, info: (line: string) => lines.push(line), warn: (line: string) => lines.push(line) }
    const { leadership } = new TestManager(one.store, 0, { log: watched, clock: () => one.time })
    await leadership.leads(false)
    one.advance(5 * SECOND)
    await leadership.leads(false)
    assert.deepEqual(lines, ['this manager leads'])
    await other.leads()
    other.advance(8 * SECOND)
    await other.leads()
    one.advance(8 * SECOND)
    await leadership.leads(false)
    assert.deepEqual(lines, ['this manager leads', 'this manager does not lead any more'])
  })

  it('is not held any more by the time at which another manager takes over', async (t) => {
    const [one, other] = await twoManagers(t)
    await one.leads()
    await other.leads()
    for (const manager of [one, other]) manager.advance(7 * SECOND - 1)
    assert.equal(one.leadership.isHeld(), true)
    for (const manager of [one, other]) manager.advance(1)
    assert.equal(one.leadership.isHeld(), false)
    assert.equal(await other.leads(), false, 'one that is slow has a second to stop')
  })

  it('is counted from the beginning of a renewal, however long that takes', async (t) => {
    const [one] = await twoManagers(t)
    const acquire = one.store.acquireLeadership.bind(one.store)
    const slow = {
      ...one.store,
      acquireLeadership: async (...asked: Parameters<typeof acquire>) => {
        one.advance(5 * SECOND)
        return acquire(...asked)
      },
    }
    const { leadership } = new TestManager(slow, 0, { store: slow, clock: () => one.time })
    assert.equal(await leadership.leads(false), true)
    one.advance(2 * SECOND - 1)
    assert.equal(leadership.isHeld(), true)
    one.advance(1)
    assert.equal(leadership.isHeld(), false)
  })

  it('that was taken over is not renewed by the manager that had it', async (t) => {
    const [one, other] = await twoManagers(t)
    await one.leads()
    await other.leads()
    other.advance(8 * SECOND)
    await other.leads()
    one.advance(4 * SECOND)
    assert.equal(await one.leads(), false)
    assert.equal(one.leadership.isHeld(), false)
    assert.equal(await other.leads(true), true)
  })

  it('that was released is taken at once', async (t) => {
    const [one, other] = await twoManagers(t)
    await one.leads()
    await other.leads()
    await one.leadership.release()
    assert.equal(await other.leads(), true)
    assert.equal(await one.leads(), false)
  })

  it('of a dead manager is taken over although the clock was set back', async (t) => {
    const [one, other] = await twoManagers(t)
    await one.leads()
    await other.leads()
    other.advance(-3_600 * SECOND)
    assert.equal(await other.leads(), false)
    other.advance(8 * SECOND)
    assert.equal(await other.leads(), true)
  })

  it('is not held after the clock has jumped, until the clock was measured and the leadership renewed', async (t) => {
    const [one] = await twoManagers(t)
    await one.leads()
    one.epoch = null
    assert.equal(one.leadership.isHeld(), false)
    assert.equal(await one.leads(), false)
    one.epoch = 1
    assert.equal(one.leadership.isHeld(), false)
    assert.equal(await one.leads(), true)
    assert.equal(one.leadership.isHeld(), true)
  })

  it('is left to others by a manager that is older than the database, and asked for again after an upgrade', async (t) => {
    const [one, other, database] = await twoManagers(t)
    await one.leads()
    database.exec("insert into kysely_migration values ('9999-later', ''), ('9998-earlier', '')")
    one.advance(4 * SECOND)
    assert.equal(await one.leads(), false)
    assert.match(one.leadership.problem() ?? '', /\(9998-earlier, 9999-later\)/)
    assert.equal((await other.store.leaderTerm()).leader, 'none', 'it was released')
    assert.equal(await other.leads(), false, 'it is of the same version')
    database.exec("delete from kysely_migration where name > '9'")
    assert.equal(await one.leads(), true)
    assert.equal(one.leadership.problem(), null)
  })

  it('when it is taken over, retires containers that are being created or adopted, and no others', async (t) => {
    const [one, other] = await twoManagers(t)
    await one.leads()
    await fill(one.store, 1)
    await one.store.addContainers(
      [2, 3].map((number) => ({ pool: 'p', number, port: 2_220 + number })),
      NOW,
    )
    await one.store.updateContainer(await rowOf(one.store, 'p-2'), { generation: 1, engineId: 'begun' }, NOW)
    await other.leads()
    other.advance(8 * SECOND)
    await other.leads()
    const states = (await other.store.snapshot()).containers.map(({ name, state }) => `${name} ${state}`)
    assert.deepEqual(states, ['p-1 ready', 'p-2 removing', 'p-3 removing'])
  })
})
