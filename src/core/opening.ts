/** Letting a new holder in, everywhere or nowhere. */
import type { Container } from './container.ts'
import { BerthError, codeOf, hasCode, reasonOf } from './errors.ts'
import { motdOf } from './notices.ts'
import type { Pool } from './pool.ts'
import type { Accounts, Log, Metrics, Target } from './ports.ts'
import type { Held, Store } from './store.ts'
import { accountOf } from './reservation.ts'
import type { Clock } from './clock.ts'

/** Swapping a container that does not work for another one is tried this often. */
const SUBSTITUTIONS = 3

/** A preparation that takes longer than this, in milliseconds, belongs to a dead process. */
export function preparationTime({ deadlineMs }: Pick<Accounts, 'deadlineMs'>): number {
  return (SUBSTITUTIONS + 1) * deadlineMs
}

export interface OpeningContext {
  readonly store: Store
  readonly accounts: Accounts
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
}

/**
 * Opens the account everywhere and lets the reservation's time begin. When it throws, whoever calls decides what becomes of
 * the reservation. When this took so long that another manager has taken it up, gives what that one has made of it.
 * `cancelled` when it was ended meanwhile.
 */
export async function letIn(context: OpeningContext, held: Held, pool: Pool): Promise<Held> {
  const { store, clock, log } = context
  const { id, username } = held.reservation
  const began = clock()
  try {
    const containers = await openAll(context, held, pool)
    const active = await store.activate(id, clock())
    if (!active) return await takenOver(store, id)
    const names = containers.map((c) => c.name)
    log.info('reserved', { reservation: id, username, containers: names, ms: clock() - began })
    return { reservation: active, containers }
  } catch (error) {
    log.warn('a reserve failed', { reservation: id, username, reason: reasonOf(error) })
    throw error
  }
}

async function takenOver(store: Store, id: string): Promise<Held> {
  const held = await store.held(id)
  if (held?.reservation.state === 'active') return held
  throw new BerthError('cancelled', 'the reservation was released while it was being prepared')
}

/** Opens the account in every container; one where that fails is swapped for another ready one, as long as there is one. */
async function openAll(context: OpeningContext, { reservation, containers }: Held, pool: Pool): Promise<Container[]> {
  const { store, accounts, clock, log, metrics } = context
  // Its time begins when it is open everywhere, so it will end a little later than this says.
  const account = accountOf(reservation, pool, motdOf(reservation, clock() + reservation.durationMs))
  const opened: Container[] = []
  let rest = [...containers]
  for (let round = 0; rest.length > 0; round += 1) {
    const outcomes = await accounts.open(rest.map(targetOf), account, { fresh: true })
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
