/** The verbs on a reservation: reserve and release. HTTP and everything else that people touch is a client of these. */
import { passwordProblem, usernameProblem } from './account.ts'
import type { Clock } from './clock.ts'
import type { Container } from './container.ts'
import { BerthError, hasCode, reasonOf } from './errors.ts'
import type { Pool } from './pool.ts'
import type { Accounts, Engine, HashPassword, Held, Log, Store, Target } from './ports.ts'
import { accountOf, type Reservation } from './reservation.ts'
import { revoke } from './revoking.ts'

interface ReserveRequest {
  readonly pool: Pool
  readonly username: string
  readonly password: string
  readonly count: number
  /** Milliseconds. */
  readonly durationMs: number
}

export interface ReservingContext {
  readonly store: Store
  readonly engine: Engine
  readonly accounts: Accounts
  readonly hashPassword: HashPassword
  readonly newId: () => string
  readonly clock: Clock
  readonly log: Log
  /** Why the engine cannot be used at the moment; null when it can. */
  readonly engineProblem: () => string | null
  /** There is something to reconcile. */
  readonly onChange: () => void
}

export interface Reserving {
  /**
   * Resolves when the account works in every container. `invalid_request`, `not_enough` (nothing is taken then),
   * `engine_unavailable`, `guest_failed`, or `cancelled` when it was released meanwhile.
   */
  reserve(request: ReserveRequest): Promise<Held>
  /** Ends all of them; resolves when nobody can log in any more. Throws when that could not be confirmed yet. */
  releaseAll(): Promise<void>
}

/** Swapping a container that does not work for another one is tried this often. */
const SUBSTITUTIONS = 3

export function createReserving(context: ReservingContext): Reserving {
  const { store, engine, accounts, hashPassword, newId, clock, log, engineProblem, onChange } = context

  async function reserve({ pool, username, password, count, durationMs }: ReserveRequest): Promise<Held> {
    const facts = (await store.poolFacts()).get(pool.name)
    refuse('username', usernameProblem(username, facts?.names ?? []))
    refuse('password', passwordProblem(password))
    const down = engineProblem()
    if (down !== null) throw new BerthError('engine_unavailable', `the container engine does not answer: ${down}`)
    const passwordHash = await hashPassword(password)
    const now = clock()
    // Opening may be tried again with substitutes; a preparation that takes longer than this belongs to a dead process.
    const prepareBy = now + (SUBSTITUTIONS + 1) * accounts.deadlineMs
    const claim = { id: newId(), pool: pool.name, count, username, passwordHash, sshKeys: [], durationMs, prepareBy }
    const held = await store.claim(claim, now)
    if ('available' in held) throw new BerthError('not_enough', onlyAvailable(held.available))
    const { id } = held.reservation
    try {
      const containers = await openAll(held, pool)
      const active = await store.activate(id, clock())
      if (!active) throw new BerthError('cancelled', 'the reservation was released while it was being prepared')
      log.info('reserved', { reservation: id, username, containers: containers.map((c) => c.name), ms: clock() - now })
      return { reservation: active, containers }
    } catch (error) {
      log.warn('a reserve failed', { reservation: id, username, reason: reasonOf(error) })
      await store.end([id], 'failed', clock())
      throw error
    } finally {
      onChange()
    }
  }

  /** Opens the account everywhere; a container where that fails is swapped for another ready one. */
  async function openAll({ reservation, containers }: Held, pool: Pool): Promise<Container[]> {
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
        if (hasCode(error, 'engine_unavailable') || round >= SUBSTITUTIONS) throw error
        const other = await store.substitute(reservation.id, row.name, reasonOf(error), clock())
        if (!other) throw error
        log.warn(`${row.name} did not work and was swapped for ${other.name}`, { reason: reasonOf(error) })
        rest.push(other)
      }
    }
    return opened.sort((a, b) => a.number - b.number)
  }

  async function releaseAll(): Promise<void> {
    const { reservations } = await store.snapshot()
    await release(reservations)
  }

  async function release(reservations: readonly Reservation[]): Promise<void> {
    const ending = await store.end(
      reservations.map((r) => r.id),
      'released',
      clock(),
    )
    const cuts = await Promise.allSettled(ending.map((held) => revoke(engine, store, held)))
    onChange()
    log.info('released', { reservations: ending.map((held) => held.reservation.id) })
    const open = cuts.find((cut) => cut.status === 'rejected')
    if (open) {
      const why = `the engine has not confirmed yet that all access ended: ${reasonOf(open.reason)}`
      throw new BerthError('engine_unavailable', why, { cause: open.reason })
    }
  }

  return { reserve, releaseAll }
}

function refuse(parameter: string, problem: string | null): void {
  if (problem !== null) throw new BerthError('invalid_request', `${parameter} ${problem}`)
}

function onlyAvailable(available: number): string {
  return `Only ${available} container${available === 1 ? '' : 's'} available`
}

function targetOf(row: Container): Target {
  return { id: row.engineId ?? '', name: row.name }
}
