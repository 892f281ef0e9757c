/** A manager learns of writes of other managers: at once by a notification, otherwise within a second. */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import type { PostgresAddress } from '../../../src/store/postgres/address.ts'
import type { Store } from '../../../src/ports/store.ts'
import { openProxy } from '../../../lab/postgres/proxy.ts'
import { addressOf, startPostgres } from '../../../lab/postgres/server.ts'
import { openPostgres } from '../../../src/store/postgres/open.ts'
import { NOW } from '../../../lab/rows.ts'

const server = await startPostgres({ fsync: 'off' })
after(() => server.stop())

async function openAt(address: PostgresAddress, manager: string): Promise<Store> {
  const store = await openPostgres(address, manager)
  after(() => store.close())
  return store
}

/** Returns the milliseconds until `other` learns of a write of `one`. */
async function delayOf(one: Store, other: Store): Promise<number> {
  const heard = Promise.withResolvers<number>()
  const stop = other.onEvents(() => heard.resolve(performance.now()))
  const began = performance.now()
  await one.renewKeepalives(NOW)
  const delay = (await heard.promise) - began
  stop()
  return delay
}

/** Ends the connections that listen, so that only polling is left. Returns their number. */
async function deafen(database: string): Promise<number> {
  const listeners = "select pg_terminate_backend(pid) from pg_stat_activity where query ~ '^listen' and datname = "
  return (await server.query('postgres', `${listeners}'${database}'`)).length
}

describe('what another manager writes', () => {
  it('is noticed at once by a notification', async () => {
    const address = addressOf(await server.createDatabase())
    const [one, other] = [await openAt(address, 'here'), await openAt(address, 'there')]
    await delayOf(one, other)
    const delays: number[] = []
    for (let nth = 0; nth < 5; nth += 1) delays.push(await delayOf(one, other))
    // Polling alone would need half a second on average.
    assert.ok(delays.reduce((sum, delay) => sum + delay, 0) / delays.length < 250, String(delays))
  })

  it('is noticed by polling while notifications are lost', async () => {
    const address = addressOf(await server.createDatabase('deaf'))
    const [one, other] = [await openAt(address, 'here'), await openAt(address, 'there')]
    assert.equal(await deafen('deaf'), 2)
    const delays = [await delayOf(one, other), await delayOf(one, other), await delayOf(one, other)]
    // A second, and what this machine adds.
    assert.ok(Math.max(...delays) < 3_000, String(delays))
    assert.ok(Math.max(...delays) > 100, `notifications were not lost: ${String(delays)}`)
  })

  it('is not missed behind a pooler that drops notifications: the start fails and names it', async () => {
    const address = { ...addressOf(await server.createDatabase()), timeoutMs: 1_000 }
    const { port, close } = await openProxy(server.port, 'berth_changes')
    after(close)
    const message = new RegExp(`do not arrive through 127.0.0.1:${port}; .* name the server itself in postgres.listen`)
    await assert.rejects(openPostgres({ ...address, port }, 'here'), { code: 'invalid_config', message })
    const listen = { host: address.host, port: address.port }
    await openAt({ ...address, port, listen }, 'here')
  })
})
