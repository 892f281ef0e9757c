/** Transactions of the store in a second, on SQLite and PostgreSQL. */
import { inTurn, median } from '../measuring.ts'
import type { Group } from '../session.ts'
import { type Kind, openDatabases } from '../stores/prepared.ts'
import { openWorkers, type Workers } from '../stores/workers.ts'

const CONTAINERS = 200
const ROUNDS = 5
const ROUND_MS = 1_000
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
  about: `Transactions that are written in a second while callers reserve one container, activate the reservation, end it, and make the container
ready again: five transactions, each of which is answered after its COMMIT. Managers are processes. The limit of PostgreSQL is SQLite in the same run, in turns.`,
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
      for (const [, workers] of all) await workers.verbsPerSecond(callers, ROUND_MS / 2)
      await inTurn(ROUNDS, async () => {
        for (const [kind, workers] of all) rates[kind].push(await workers.verbsPerSecond(callers, ROUND_MS))
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
  },
}
