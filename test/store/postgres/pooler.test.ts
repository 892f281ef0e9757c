/** A manager behind PgBouncer in transaction mode, which runs each transaction on another connection. */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { claimOf } from '../../../lab/claims.ts'
import { eventually } from '../../../lab/eventually.ts'
import { addressOf, startPostgres } from '../../../lab/postgres/server.ts'
import { NOW } from '../../../lab/rows.ts'
import { migratePostgres, openPostgres, pendingPostgres } from '../../../src/store/postgres/open.ts'
import { fill, statesOf } from '../../contracts/store-bench.ts'
import { startPooler } from '../../support/manager/pgbouncer.ts'

const server = await startPostgres({ fsync: 'off' })
after(() => server.stop())
const { port } = await startPooler(server.port)
const direct = addressOf(await server.createDatabase())
const pooled = { ...direct, port }
await eventually(async () => (await pendingPostgres(pooled)).length > 0)

describe('a manager behind a pooler in transaction mode', () => {
  it('does not start without postgres.listen, and says what to do', async () => {
    await migratePostgres(pooled)
    const message = /notifications do not arrive through .*; .* name the server itself in postgres\.listen/
    await assert.rejects(openPostgres({ ...pooled, timeoutMs: 1_000 }, 'here'), { code: 'invalid_config', message })
  })

  it('works with postgres.listen, beside another manager', async () => {
    const address = { ...pooled, listen: { host: direct.host, port: direct.port } }
    const stores = [await openPostgres(address, 'here'), await openPostgres(address, 'there')] as const
    await fill(stores[0], 30)
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, nth) => stores[nth % 2 ? 0 : 1].claim(claimOf({ id: `r${nth}` }), NOW)),
    )
    assert.equal(answers.filter(({ kind }) => kind === 'claimed').length, 30)
    assert.ok((await statesOf(stores[1])).every((state) => state.includes('reserved')))
    const heard = new Promise<number>((resolve) => stores[1].onEvents(() => resolve(performance.now())))
    const began = performance.now()
    await stores[0].renewKeepalives(NOW)
    assert.ok((await heard) - began < 3_000)
    await Promise.all(stores.map((store) => store.close()))
  })
})
