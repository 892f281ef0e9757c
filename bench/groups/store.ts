/** Transactions of the store per second, and the latency of a reserve, on SQLite and PostgreSQL. */
import type { Entry } from '../report.ts'
import { inTurn, median } from '../measuring.ts'
import { percentile } from '../../lab/percentile.ts'
import type { Group } from '../session.ts'
import { type Databases, type Kind, openDatabases } from '../stores/databases.ts'
import { startManagers } from '../stores/managers.ts'
import { openWorkers, type Workers } from '../stores/workers.ts'

const CONTAINERS = 200
const ROUNDS = 5
const ROUND_MS = 1_000
const RESERVES = 200
/** Numbers of concurrent callers, who together send RESERVES requests. */
const RESERVE_CALLERS = [1, 16] as const
/** Managers, and callers of all of them. */
const CASES = [
  [1, 1],
  [1, 16],
  [1, 64],
  [3, 16],
  [3, 64],
] as const

export const store: Group = {
  name: 'store',
  about: `Transactions per second while each caller reserves a container, activates the reservation, ends it, and makes the container ready again: five
transactions, each answered after its COMMIT. Each manager is a process. The limit of PostgreSQL is SQLite, measured in turns in the same run.
\`POST /v1/reservations\` is sent to managers whose engine and accounts take no time, so its latency is that of HTTP, rules and the database.`,
  async *measure() {
    await using databases = await openDatabases()
    for (const [managers, callers] of CASES) {
      const rates = { SQLite: [] as number[], PostgreSQL: [] as number[] }
      const open = async (kind: Kind) => openWorkers(await databases.prepare(kind, CONTAINERS), managers)
      await using onSqlite = await open('SQLite')
      await using onPostgres = await open('PostgreSQL')
      const all: readonly (readonly [Kind, Workers])[] = [
        ['SQLite', onSqlite],
        ['PostgreSQL', onPostgres],
      ]
      for (const [, workers] of all) await workers.transactionsPerSecond(callers, ROUND_MS / 2)
      await inTurn(ROUNDS, async () => {
        for (const [kind, workers] of all) rates[kind].push(await workers.transactionsPerSecond(callers, ROUND_MS))
      })
      const of = `${managers} ${managers === 1 ? 'manager' : 'managers'}, ${callers} ${callers === 1 ? 'caller' : 'callers'}`
      const how = `median of ${ROUNDS}`
      const sqlite = { value: median(rates.SQLite), unit: '/s' } as const
      yield { what: `SQLite, ${of}`, ...sqlite, how }
      yield {
        what: `PostgreSQL, ${of}`,
        ...{ value: median(rates.PostgreSQL), unit: '/s', how },
        limit: { what: 'SQLite', ...sqlite },
      }
    }
    yield* latencies(databases)
  },
}

async function* latencies(databases: Databases): AsyncGenerator<Entry> {
  const start = async (kind: Kind, count: number) =>
    startManagers(await databases.prepare(kind, CONTAINERS), count, CONTAINERS)
  await using one = await start('SQLite', 1)
  await using onPostgres = await start('PostgreSQL', 1)
  await using three = await start('PostgreSQL', 3)
  const all = { 'SQLite, 1 manager': one, 'PostgreSQL, 1 manager': onPostgres, 'PostgreSQL, 3 managers': three }
  for (const callers of RESERVE_CALLERS) {
    const took = new Map(Object.keys(all).map((name): [string, number[]] => [name, []]))
    for (const managers of Object.values(all)) await managers.reserve(Math.max(callers, 10))
    await inTurn(RESERVES / callers, async () => {
      for (const [name, managers] of Object.entries(all)) took.get(name)?.push(...(await managers.reserve(callers)))
    })
    const at = callers === 1 ? 'one at a time' : `${callers} at once`
    for (const [name, ms] of took) {
      yield { what: `reserve, ${name}, ${at}`, value: median(ms), unit: 'ms', how: `p50 of ${ms.length}` }
      yield { what: 'the same', value: percentile(ms, 0.99), unit: 'ms', how: `p99 of ${ms.length}` }
    }
  }
}
