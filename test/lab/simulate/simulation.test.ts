/** A small simulated day keeps every promise, on both kinds of database, with one manager and with three. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { addressOf, type PostgresServer, startPostgres } from '../../../lab/postgres/server.ts'
import { simulate, type SimulationResult } from '../../../lab/simulate/simulation.ts'
import { openPostgres } from '../../../src/store/postgres/open.ts'

const DAY = { pools: 2, containers: 200, users: 60, hours: 1, seed: 1 } as const

describe('a simulated day', () => {
  let server: PostgresServer
  before(async () => {
    server = await startPostgres({ fsync: 'off' })
  })
  after(() => server.stop())

  it('keeps every promise on SQLite', async () => {
    assertHonest(await simulate({ ...DAY, managers: 1, database: 'sqlite' }))
  })

  it('keeps every promise with three managers on PostgreSQL', async () => {
    assertHonest(await simulate({ ...DAY, hours: 0.45, managers: 3, database: await server.createDatabase() }))
  })

  it('refuses a PostgreSQL database that has tables', async () => {
    const used = await server.createDatabase()
    await (await openPostgres(addressOf(used))).close()
    await assert.rejects(
      simulate({ ...DAY, managers: 1, database: used }),
      /has tables already, perhaps of an earlier simulation; create an empty database/,
    )
  })
})

/** Nothing went wrong, and users did all that they can do: otherwise nothing is shown. */
function assertHonest({ problems, reservations, answers, times }: SimulationResult): void {
  assert.deepEqual(problems, [])
  assert.ok(reservations > 25, `only ${reservations} reservations`)
  for (const done of ['reserve 201', 'reserve 202', 'release 200', 'extend 200', 'keepalive 200', 'show 200']) {
    assert.ok((answers[done] ?? 0) > 0, `no ${done}`)
  }
  for (const what of ['claim in the store', 'tick that lists and works', 'GET /v1/containers, 304']) {
    assert.ok((times[what]?.count ?? 0) > 0, `no ${what}`)
  }
}
