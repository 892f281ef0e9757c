/** Letting a new holder in, everywhere or nowhere. */
import type { Container } from './container.ts'
import { BerthError, codeOf, hasCode, reasonOf } from './errors.ts'
import type { Pool } from './pool.ts'
import type { Accounts, Held, Log, Metrics, Store, Target } from './ports.ts'
import { accountOf } from './reservation.ts'
import type { Clock } from './clock.ts'

/** Swapping a container that does not work for another one is tried this often. */
export const SUBSTITUTIONS = 3

export interface OpeningContext {
  readonly store: Store
  readonly accounts: Accounts
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
}

/** Opens the account in every container; one where that fails is swapped for another ready one, as long as there is one. */
export async function openAll(
  context: OpeningContext,
  { reservation, containers }: Held,
  pool: Pool,
): Promise<Container[]> {
  const { store, accounts, clock, log, metrics } = context
  const account = accountOf(reservation, pool)
  const opened: Container[] = []
  let rest = [...containers]
  for (let round = 0; rest.length > 0; round += 1) {
    const outcomes = await accounts.open(rest.map(targetOf), account)
    const refused = rest.flatMap((row) => {
      const error = outcomes.get(row.name)
      if (error === null) opened.push(row)
      return error === null ? [] : [{ row, error: error ?? new BerthError('guest_failed', 'no outcome') }]
    })
    rest = []
    for (const { row, error } of refused) {
      metrics.failure(codeOf(error))
      if (hasCode(error, 'engine_unavailable') || round >= SUBSTITUTIONS) throw error
      const other = await store.substitute(reservation.id, row.name, reasonOf(error), clock())
      if (!other) throw error
      log.warn(`${row.name} did not work and was swapped for ${other.name}`, { reason: reasonOf(error) })
      rest.push(other)
    }
  }
  return opened.sort((a, b) => a.number - b.number)
}

function targetOf(row: Container): Target {
  return { id: row.engineId ?? '', name: row.name }
}
