/** Managers of one database that start, stop and die, with a clock that tests move. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { Membership } from '../../../src/reconcile/managers/membership.ts'
import { migrate, SQLITE_MIGRATIONS } from '../../../src/store/migrate.ts'
import { createSqlStore } from '../../../src/store/sql/store.ts'
import { connectSqlite } from '../../../src/store/sqlite/driver.ts'
import { NOW } from '../../../lab/rows.ts'
import { claimed, fill } from '../../contracts/store-bench.ts'

const log = { debug() {}, info() {}, warn() {}, error() {} }
const MINUTE = 60_000

async function bench(t: TestContext) {
  const { db } = connectSqlite(':memory:')
  await migrate(db, SQLITE_MIGRATIONS)
  t.after(() => db.destroy())
  const world = { now: NOW, released: 0, renewals: 0 }
  async function join(address: string) {
    const store = createSqlStore(db, address)
    const renewManager: typeof store.renewManager = async (heartbeat) => {
      world.renewals += 1
      await store.renewManager(heartbeat)
    }
    const membership = new Membership({
      store: { ...store, renewManager },
      log,
      clock: () => world.now,
      version: '1.2.3',
      clockOffset: () => 0,
      aloneMs: MINUTE,
      lead: async () => {},
      onReleased: () => {
        world.released += 1
      },
    })
    await membership.register()
    return { store, membership }
  }
  return { world, join }
}

describe('managers of one database', () => {
  it('renew each second while there are several, and each minute alone', async (t) => {
    const { world, join } = await bench(t)
    const one = await join('one')
    const beat = async (seconds: number, ...all: { membership: Membership }[]) => {
      world.renewals = 0
      for (let second = 0; second < seconds; second += 1) {
        for (const { membership } of all) await membership.step()
        world.now += 1_000
      }
      return world.renewals
    }
    assert.ok((await beat(120, one)) <= 3, `${world.renewals} renewals`)
    const other = await join('other')
    assert.ok((await beat(10, one, other)) >= 19, `${world.renewals} renewals`)
    await other.membership.leave()
    await one.membership.step()
    assert.equal(await beat(50, one), 0)
  })

  it('resume what a dead manager was preparing within five seconds', async (t) => {
    const { world, join } = await bench(t)
    const [living, dead] = [await join('living'), await join('dead')]
    await fill(living.store, 1)
    await dead.membership.step()
    await claimed(dead.store, { id: 'r1' })
    for (let second = 0; second < 4; second += 1) {
      await living.membership.step()
      world.now += 1_000
      if (second < 3) assert.equal(world.released, 0, `after ${second} seconds`)
    }
    await living.membership.step()
    assert.equal(world.released, 1)
    assert.equal((await living.store.reservation('r1'))?.prepareBy, 0)
  })

  it('list a dead manager for an hour', async (t) => {
    const { world, join } = await bench(t)
    const [living] = [await join('living'), await join('dead')]
    world.now += 59 * MINUTE
    await living.membership.step()
    assert.equal((await living.store.managers()).length, 2)
    world.now += 2 * MINUTE
    await living.membership.step()
    assert.equal((await living.store.managers()).length, 1)
  })
})
