/** The pools of a simulation, and their containers: all ready, as after a manager has filled them. */
import type { Kysely } from 'kysely'
import type { MemoryAccounts } from '../../src/accounts/memory.ts'
import type { DatabaseMark } from '../../src/domain/database-mark.ts'
import { type InstanceConfig, type Pool, specOf } from '../../src/domain/pool.ts'
import type { MemoryHost } from '../../src/engine/memory/host.ts'
import { fromPatch } from '../../src/store/sql/schema/rows.ts'
import type { Tables } from '../../src/store/sql/schema/tables.ts'
import { container, pool } from '../rows.ts'

export const INSTANCE: InstanceConfig = { name: 'simulation', bind: '127.0.0.1' }

/** Number of rows in one statement: SQLite takes 32,766 parameters, and a row has 16. */
const BATCH = 1_000

/**
 * Returns pools of about the same size; the first has a tenth of that, so that a queue forms there. Each container has
 * a port of its own, and many have one beyond 65,535: the memory engine opens none.
 */
export function poolsOf(count: number, containers: number): Pool[] {
  const share = containers / count
  const first = count === 1 ? containers : Math.max(1, Math.floor(share / 10))
  let port = 10_000
  return Array.from({ length: count }, (_, index) => {
    const rest = containers - first
    const others = count - 1
    const size = index === 0 ? first : Math.floor((rest * index) / others) - Math.floor((rest * (index - 1)) / others)
    const ports = Array.from({ length: size }, () => ++port)
    return pool({ name: `pool${index + 1}`, size, ports })
  })
}

/**
 * Writes the rows of the containers at once, and makes the containers: through the manager, each would be a few
 * transactions. The rows are those that the manager makes; only the events of their creation are missing.
 */
export async function fill(
  db: Kysely<Tables>,
  pools: readonly Pool[],
  {
    host,
    accounts,
    database,
    now,
  }: { host: MemoryHost; accounts: MemoryAccounts; database: DatabaseMark; now: number },
): Promise<void> {
  for (const one of pools) {
    for (let from = 0; from < one.size; from += BATCH) {
      const ports = one.ports.slice(from, Math.min(from + BATCH, one.size))
      const rows = ports.map(async (port, index) => {
        const number = from + index + 1
        const made = host.add(specOf(INSTANCE, one, { number, port, generation: 1 }), database)
        made.state = 'running'
        const { hostKey, hostPublicKey } = await accounts.survey({ id: made.id, name: made.spec.name })
        const row = container({ pool: one.name, number, port, since: now, engineId: made.id, hostKey, hostPublicKey })
        return { ...fromPatch(row), name: row.name, pool: row.pool, number }
      })
      await db
        .insertInto('containers')
        .values((await Promise.all(rows)) as never)
        .execute()
    }
  }
}
