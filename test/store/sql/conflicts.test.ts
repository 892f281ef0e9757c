/** Claims that conflict with another writer. SQLite has one writer at a time, so a trigger acts as the other one. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { migrate, SQLITE_MIGRATIONS } from '../../../src/store/migrate.ts'
import { createSqlStore } from '../../../src/store/sql/store.ts'
import { connectSqlite } from '../../../src/store/sqlite/driver.ts'
import { claimOf } from '../../../lab/claims.ts'
import { fill, statesOf } from '../../contracts/store-bench.ts'
import { NOW } from '../../../lab/rows.ts'

/** A store in which the first `times` attempts to reserve a container conflict with another writer. */
async function contested(times: number) {
  const { db, database } = connectSqlite(':memory:')
  await migrate(db, SQLITE_MIGRATIONS)
  const store = createSqlStore(db, 'here')
  await fill(store, 3)
  let left = times
  database.function('is_taken', () => (left > 0 ? 1 : 0))
  database.function('count_down', () => {
    left -= 1
    return null
  })
  database.exec(`
    create temp trigger another_writer before update on main.containers
    when new.state = 'reserved' and new.name = 'p-2' and is_taken() begin
      select count_down();
      select raise(ignore);
    end`)
  return store
}

describe('a claim that conflicts with another writer', () => {
  it('is run again as a whole', async () => {
    const store = await contested(2)
    const { kind } = await store.claim(claimOf({ count: 2 }), NOW)
    assert.equal(kind, 'claimed')
    assert.deepEqual(await statesOf(store), ['p-1 reserved 1', 'p-2 reserved 1', 'p-3 ready 1'])
    const reserved = (await store.events({ after: 0, limit: 100 })).filter(
      (event) => event.kind === 'container.reserved',
    )
    assert.equal(reserved.length, 2)
    await store.close()
  })

  it('changes nothing and fails when every attempt conflicts', async () => {
    const store = await contested(Number.POSITIVE_INFINITY)
    const before = await store.snapshot()
    const error = { code: 'database_unavailable', message: /other writers keep changing container p-2/ }
    await assert.rejects(store.claim(claimOf({ count: 2 }), NOW), error)
    assert.equal(await store.snapshot(), before)
    await store.close()
  })
})
