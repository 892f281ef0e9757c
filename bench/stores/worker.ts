/** A program, started by `workers.ts`: callers that reserve and release through one store, as those of a manager do. */
import { claimOf } from '../../lab/claims.ts'
import { openAt } from '../../lab/postgres/open-at.ts'
import type { Store } from '../../src/ports/store.ts'
import { NOW } from '../../lab/rows.ts'

/** Number of concurrent callers, and the duration in milliseconds. */
export interface Work {
  readonly callers: number
  readonly ms: number
}

const HOUR = 3_600_000

/**
 * Reserves a container, ends the reservation, and makes the container ready again. Returns the number of transactions,
 * each of which waits for its COMMIT.
 */
async function reserveAndRelease(store: Store, id: string): Promise<number> {
  const answer = await store.claim(claimOf({ id, username: id, durationMs: HOUR }), NOW)
  if (answer.kind !== 'claimed') throw new Error(`the claim was answered with ${answer.kind}`)
  await store.activate(id, NOW)
  const [ending] = await store.end([id], { outcome: 'released' }, NOW)
  await store.finish(id, NOW)
  for (const row of ending?.containers ?? []) {
    if (!(await store.updateContainer(row, { state: 'ready', generation: row.generation + 1 }, NOW)))
      throw new Error(`${row.name} was changed by another caller`)
  }
  return 5
}

const [where = '', name = ''] = process.argv.slice(2)
const store = await openAt(where, name)
let reservations = 0

async function work({ callers, ms }: Work): Promise<number> {
  const until = performance.now() + ms
  let transactions = 0
  async function caller(): Promise<void> {
    while (performance.now() < until) {
      reservations += 1
      const written = await reserveAndRelease(store, `${name}-${reservations}`)
      transactions += written
    }
  }
  await Promise.all(Array.from({ length: callers }, caller))
  return transactions
}

process.on('message', (order: Work) => void work(order).then((transactions) => process.send?.(transactions)))
process.once('disconnect', () => process.exit(0))
process.send?.('open')
