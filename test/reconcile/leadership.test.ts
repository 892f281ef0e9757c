/** Two managers on one database, each with a clock of its own. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLeadership } from '../../src/reconcile/leadership.ts'
import { migrate, SQLITE_MIGRATIONS } from '../../src/store/migrate.ts'
import { createSqlStore } from '../../src/store/sql/store.ts'
import { connectSqlite } from '../../src/store/sqlite/driver.ts'
import { NOW } from '../../lab/rows.ts'

const SECOND = 1_000
const log = { debug() {}, info() {}, warn() {}, error() {} }

async function twoManagers(t: { after(close: () => Promise<void>): void }) {
  const { db } = connectSqlite(':memory:')
  await migrate(db, SQLITE_MIGRATIONS)
  t.after(() => db.destroy())
  const manager = (address: string, time: number) => {
    const self = {
      time,
      advance(ms: number) {
        this.time += ms
      },
    }
    return Object.assign(self, createLeadership({ store: createSqlStore(db, address), clock: () => self.time, log }))
  }
  // The second one's clock is five minutes ahead.
  return [manager('one', NOW), manager('other', NOW + 300 * SECOND)] as const
}

describe('leadership', () => {
  it('stays with a manager that renews it, whatever the clocks say', async (t) => {
    const [one, other] = await twoManagers(t)
    for (let round = 0; round < 20; round += 1) {
      assert.equal(await one.leads(false), true)
      assert.equal(await other.leads(false), false)
      one.advance(5 * SECOND)
      other.advance(5 * SECOND)
    }
  })

  it('is taken over ten seconds after the last renewal was seen', async (t) => {
    const [one, other] = await twoManagers(t)
    await one.leads(false)
    assert.equal(await other.leads(false), false)
    other.advance(10 * SECOND - 1)
    assert.equal(await other.leads(false), false)
    other.advance(1)
    assert.equal(await other.leads(false), true)
  })

  it('that was taken over is not renewed by the manager that had it', async (t) => {
    const [one, other] = await twoManagers(t)
    await one.leads(false)
    await other.leads(false)
    other.advance(10 * SECOND)
    await other.leads(false)
    one.advance(5 * SECOND)
    assert.equal(await one.leads(false), false)
    assert.equal(await other.leads(true), true)
  })

  it('that was released is taken at once', async (t) => {
    const [one, other] = await twoManagers(t)
    await one.leads(false)
    await other.leads(false)
    await one.release()
    assert.equal(await other.leads(false), true)
    assert.equal(await one.leads(false), false)
  })

  it('of a dead manager is taken over although the clock was set back', async (t) => {
    const [one, other] = await twoManagers(t)
    await one.leads(false)
    await other.leads(false)
    other.advance(-3_600 * SECOND)
    assert.equal(await other.leads(false), false)
    other.advance(10 * SECOND)
    assert.equal(await other.leads(false), true)
  })
})
