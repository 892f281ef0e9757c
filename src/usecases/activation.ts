/** Activates a reservation: makes its accounts in all of its containers or in none, and starts its time. */
import { type Container, targetOf } from '../domain/container.ts'
import { BerthError, codeOf, hasCode, reasonOf } from '../domain/errors.ts'
import { sessionTextsOf } from '../domain/session/texts.ts'
import type { LocalTime } from '../domain/text/local-time.ts'
import type { Pool } from '../domain/pool.ts'
import type { Accounts } from '../ports/accounts.ts'
import type { Engine } from '../ports/engine.ts'
import type { Log } from '../ports/log.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { ReservationWithContainers, Store } from '../ports/store.ts'
import { accountOf, describeReservation, type Reservation } from '../domain/reservation.ts'
import type { Clock } from '../ports/clock.ts'
import type { HostCertificates } from './host-certificates.ts'
import type { PostponedWrites } from './postponed-writes.ts'
import { sessionContextOf } from './self-service/session-context.ts'

/** Maximum number of rounds in which containers that do not work are swapped for others. */
const MAX_SUBSTITUTIONS = 3

/** Returns the maximum duration of a preparation. After it, the manager that prepared has stopped. */
export function maxPreparationMs({ deadlineMs }: Pick<Accounts, 'deadlineMs'>): number {
  return (MAX_SUBSTITUTIONS + 1) * deadlineMs
}

/**
 * Minimum age of a preparation at which its row is read again before accounts are made. Less than the time after which
 * other managers count this one as dead.
 */
const RECHECK_AFTER_MS = 1_000

const RESUMED_ELSEWHERE =
  'another manager has resumed the preparation of the reservation; repeat the request with the same Idempotency-Key'

export interface ActivationDeps {
  readonly store: Store
  readonly engine: Engine
  readonly accounts: Accounts
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  /** Absent without `ssh.host_ca`. */
  readonly hostCertificates?: HostCertificates | undefined
  readonly localTime: LocalTime
  /** Shared by reserve requests and the reconciler, which retries the writes in each tick. */
  readonly postponed: PostponedWrites
}

/**
 * Makes the account in every container and starts the reservation's time. If it throws, the caller decides what
 * becomes of the reservation. If another manager has activated it since, returns that result. `fresh`: no earlier
 * attempt was made; otherwise its tenant may be logged in already. `cancelled` if it was ended in the meantime.
 */
export async function activate(
  context: ActivationDeps,
  reserved: ReservationWithContainers,
  pool: Pool,
  fresh = true,
): Promise<ReservationWithContainers> {
  const { store, clock, log } = context
  const { id, username } = reserved.reservation
  const whose = describeReservation(reserved.reservation)
  const fields = { reservation: id, username }
  const began = clock()
  try {
    if (await wasResumedElsewhere(context, reserved.reservation)) return await activatedElsewhere(store, id)
    const containers = await createAccounts(context, reserved, pool, fresh)
    const active = await store.activate(id, clock())
    if (!active) return await activatedElsewhere(store, id)
    const names = containers.map((c) => c.name)
    const ms = clock() - began
    const { owner } = active
    log.info(`reserved ${names.join(' ')} for ${whose} in ${ms} ms`, { ...fields, owner, containers: names, ms })
    return { reservation: active, containers }
  } catch (error) {
    log.warn(`a reserve failed for ${whose}`, { ...fields, reason: reasonOf(error) })
    throw error
  }
}

/**
 * Returns whether another manager has resumed this preparation, because this manager did not renew its row for a while.
 * The tenant may be logged in by now, so nothing may be changed in the containers any more.
 */
async function wasResumedElsewhere(
  { store, accounts, clock }: ActivationDeps,
  { id, prepareBy }: Reservation,
): Promise<boolean> {
  if (clock() - (prepareBy - maxPreparationMs(accounts)) < RECHECK_AFTER_MS) return false
  const now = await store.reservation(id)
  return now?.state !== 'preparing' || now.prepareBy !== prepareBy
}

async function activatedElsewhere(store: Store, id: string): Promise<ReservationWithContainers> {
  const found = await store.reservationWithContainers(id)
  if (found?.reservation.state === 'active') return found
  if (found?.reservation.state === 'preparing') throw new BerthError('cancelled', RESUMED_ELSEWHERE)
  throw new BerthError('cancelled', 'the reservation was released while it was being prepared')
}

/** Returns the error for a container that the engine's ledger has lent to another reservation. */
export function lentElsewhere(name: string): BerthError {
  return new BerthError('engine_conflict', `${name} was lent to another reservation, which this database does not know`)
}

/**
 * Makes the account in every container. A container in which that fails is replaced by another ready container, if any
 * is left. At the same time the engine's ledger records which containers are lent; without that record they are
 * not lent.
 */
async function createAccounts(
  context: ActivationDeps,
  { reservation, containers }: ReservationWithContainers,
  pool: Pool,
  fresh: boolean,
): Promise<Container[]> {
  const { store, engine, accounts, clock, log, metrics } = context
  // Its time starts when all accounts are made, so it ends a little later than this says.
  const end = clock() + reservation.durationMs
  const ids = containers.map((row) => targetOf(row).id)
  const session = { ...(await sessionContextOf(engine, pool, ids)), localTime: context.localTime }
  const account = accountOf(reservation, pool, sessionTextsOf(reservation, end, session))
  const done: Container[] = []
  let rest = [...containers]
  for (let round = 0; rest.length > 0; round += 1) {
    const targets = rest.map(targetOf)
    const [outcomes, taken] = await Promise.all([
      accounts.createAccounts(targets, account, { fresh: fresh || round > 0 }),
      engine.lend(
        targets.map(({ id }) => id),
        reservation.id,
      ),
      certify(context, rest, reservation, end),
    ])
    const refused = rest.flatMap((row) => {
      const error = taken.has(targetOf(row).id) ? lentElsewhere(row.name) : outcomes.get(row.name)
      if (error === null) done.push(row)
      return error === null ? [] : [{ row, error: error ?? new BerthError('guest_failed', 'no outcome') }]
    })
    rest = []
    for (const { row, error } of refused) {
      metrics.failure(codeOf(error))
      if (hasCode(error, 'engine_unavailable') || round >= MAX_SUBSTITUTIONS) throw error
      const other = await store.substitute(reservation.id, row.name, reasonOf(error), clock())
      if (!other) throw error
      const swapped = { reservation: reservation.id, reason: reasonOf(error) }
      log.warn(`${row.name} did not work and was swapped for ${other.name}`, swapped)
      rest.push(other)
    }
  }
  return done.sort((a, b) => a.number - b.number)
}

/** Writes host certificates. Only logs a failure: without a certificate a container still has its host key. */
async function certify(
  { hostCertificates, log }: ActivationDeps,
  containers: readonly Container[],
  reservation: Reservation,
  end: number,
): Promise<void> {
  try {
    const outcomes = (await hostCertificates?.write(containers, reservation, end)) ?? new Map<string, null>()
    for (const [name, error] of outcomes) if (error !== null) throw new Error(`${name}: ${reasonOf(error)}`)
  } catch (error) {
    log.warn(`a host certificate could not be written for ${describeReservation(reservation)}`, {
      reservation: reservation.id,
      reason: reasonOf(error),
    })
  }
}
