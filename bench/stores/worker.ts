/** A program: callers that reserve and give back through one store, as those of a manager do. See `workers.ts`. */
import { claimOf } from '../../lab/claims.ts'
import { openAt } from '../../lab/postgres/open-at.ts'
import type { Store } from '../../src/ports/store.ts'
import { NOW } from '../../lab/rows.ts'

/** What to do for how long. */
export interface Work {
  readonly callers: number
  readonly ms: number
}

const HOUR = 3_600_000

/** From ready to ready again. Returns the number of transactions, each of which waits for its COMMIT. */
async function borrow(store: Store, id: string): Promise<number> {
  const answer = await store.claim(claimOf({ id, username: id, durationMs: HOUR }), NOW)
  if (answer.kind !== 'claimed') throw new Error(`not reserved but ${answer.kind}`)
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
  let verbs = 0
  async function caller(): Promise<void> {
    while (performance.now() < until) {
      reservations += 1
      const written = await borrow(store, `${name}-${reservations}`)
      verbs += written
    }
  }
  await Promise.all(Array.from({ length: callers }, caller))
  return verbs
}

process.on('message', (order: Work) => void work(order).then((verbs) => process.send?.(verbs)))
process.once('disconnect', () => process.exit(0))
process.send?.('open')
