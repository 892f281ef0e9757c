/** Reserve, extend, keep alive and release. HTTP, the command line and the dashboard call these. */
import type { Container } from '../domain/container.ts'
import { BerthError, codeOf, hasCode, reasonOf, type Violation } from '../domain/errors.ts'
import { type Identity, maySee } from '../domain/identity.ts'
import { describeReservation, isActive, isDue, type Reservation } from '../domain/reservation.ts'
import type { ReservationWithContainers } from '../ports/store.ts'
import { putOnHold } from './active/hold.ts'
import { clampEnd } from './limits.ts'
import { reserve, type Reserved, type ReserveDeps, type ReserveRequest } from './reserve.ts'
import { reserveViolations, type WantedReserve } from './rules/reserve-rules.ts'
import { setNote } from './active/note.ts'
import { reset } from './active/reset.ts'
import { countUnserved, revoke } from './revocation.ts'

interface Extended {
  readonly reservation: Reservation
  /** Why the end is earlier than requested; null if it is not. */
  readonly clamped: string | null
}

/** `by` is the caller. A reservation of another owner is `not_found` to callers who are not admins. */
export interface Reservations {
  /**
   * Resolves when the account works in every container, or when it is in the queue: its state says which. Returns the
   * earlier result for a repeated request. `invalid_request`, `forbidden`, `quota_exceeded`, `not_enough` or
   * `pool_unusable` (nothing is taken then), `idempotency_mismatch`, `engine_unavailable`, `guest_failed`, or
   * `cancelled` when it was released in the meantime.
   */
  reserve(request: ReserveRequest, by: Identity): Promise<Reserved>
  /** Returns every violation of a reserve that may be readable only in part. Reserves nothing. */
  violations(wanted: WantedReserve, by: Identity): Promise<Violation[]>
  /** Returns the reservation with its containers. Throws `not_found`. */
  find(id: string, by: Identity): Promise<ReservationWithContainers>
  /**
   * Moves the end of an active reservation to `until(present end)`, epoch milliseconds. Never shortens it, and never
   * exceeds what the pool and the limits allow. `not_found`, `not_active`.
   */
  extend(id: string, until: (expiresAt: number) => number, by: Identity): Promise<Extended>
  /** Records that its owner still wants it. Changes nothing if it needs no such calls. `not_found`, `not_active`. */
  keepAlive(id: string, by: Identity): Promise<void>
  /**
   * Puts an active reservation on hold, once: it ends `durationMs` from now and needs no keepalive calls. Only the
   * pool's `hold` limits that. `not_found`, `not_active`, `invalid_request`; `conflict` if it was on hold before or the
   * pool does not allow it.
   */
  hold(id: string, durationMs: number, by: Identity): Promise<Reservation>
  /** Sets the note of a reservation that has not ended; null removes it. `not_found`, `not_active`. */
  setNote(id: string, note: string | null, by: Identity): Promise<Reservation>
  /**
   * Requests a fresh container with the same account in place of this one; the reservation stays as it is. Returns the
   * present container. `not_found`, `not_active`, `conflict` unless it is in a reservation that the
   * caller may see.
   */
  reset(container: string, by: Identity): Promise<Container>
  /** Ends it. Resolves when no login is possible any more; at once if it has ended before. `not_found`. */
  release(id: string, by: Identity): Promise<ReservationWithContainers>
  /**
   * Ends all open reservations, of one pool or account if given. Resolves with their ids when no login is possible any
   * more. Throws if the engine could not confirm that yet.
   */
  releaseAll(which: { readonly pool?: string; readonly username?: string }, by: Identity): Promise<string[]>
}

export function createReservations(context: ReserveDeps): Reservations {
  const { pools, store, clock, log, metrics, engineStatus, schedule } = context

  async function find(id: string, by: Identity): Promise<ReservationWithContainers> {
    const found = await store.reservationWithContainers(id)
    if (!found || !maySee(by, found.reservation)) {
      throw new BerthError('not_found', 'there is no such reservation')
    }
    return found
  }

  async function releaseAll(which: { pool?: string; username?: string }, by: Identity): Promise<string[]> {
    const { reservations } = await store.snapshot()
    const { pool, username } = which
    const ids = reservations
      .filter((r) => maySee(by, r))
      .filter((r) => (pool === undefined || r.pool === pool) && (username === undefined || r.username === username))
      .map(({ id }) => id)
    await endAndRevoke(ids, by)
    return ids
  }

  async function release(id: string, by: Identity): Promise<ReservationWithContainers> {
    await find(id, by)
    await endAndRevoke([id], by)
    return find(id, by)
  }

  async function extend(id: string, until: (expiresAt: number) => number, by: Identity): Promise<Extended> {
    for (;;) {
      const { reservation } = await find(id, by)
      const now = clock()
      const { expiresAt, activeAt } = reservation
      if (expiresAt === null || activeAt === null || !isActive(reservation, now)) {
        throw new BerthError('not_active', 'only an active reservation can be extended; make a new reservation')
      }
      const poolMaxMs = pools.named(reservation.pool)?.duration.max ?? null
      const extension = { pool: reservation.pool, activeAt, expiresAt, wanted: until(expiresAt) }
      const { to, clamped } = clampEnd(extension, poolMaxMs, by.limits)
      if (to === expiresAt) return { reservation, clamped }
      const extended = await store.extend(id, expiresAt, to, by.name, now)
      if (!extended) continue // Another caller has moved or ended it: read it again.
      const newEnd = new Date(to).toISOString()
      log.info(`extended ${describeReservation(extended)} until ${newEnd}, by ${by.name}`, {
        reservation: id,
        username: extended.username,
        until: newEnd,
        by: by.name,
      })
      schedule.nudge()
      return { reservation: extended, clamped }
    }
  }

  async function keepAlive(id: string, by: Identity): Promise<void> {
    const { reservation } = await find(id, by)
    const now = clock()
    if (await store.keepAlive(id, now)) return
    const { state } = reservation
    if (state === 'ending' || state === 'ended' || isDue(reservation, now)) {
      throw new BerthError('not_active', 'the reservation has ended; make a new reservation')
    }
  }

  async function endAndRevoke(ids: readonly string[], by: Identity): Promise<void> {
    await engineStatus.firstListing()
    const waiting = (await store.snapshot()).reservations.filter(
      ({ id, state }) => state === 'waiting' && ids.includes(id),
    )
    const now = clock()
    const ending = await store.end(ids, { outcome: 'released', by: by.name }, now)
    for (const { id } of waiting) await countUnserved(context, id, now)
    const outcomes = await Promise.allSettled(ending.map((held) => revoke(context, held)))
    schedule.nudge()
    const released = ending.map(({ reservation }) => reservation)
    if (released.length > 0) {
      const fields = { reservations: released.map((each) => each.id), by: by.name }
      log.info(`released ${released.map(describeReservation).join(', ')}, by ${by.name}`, fields)
    }
    const failed = outcomes.filter((outcome) => outcome.status === 'rejected')
    for (const { reason } of failed) metrics.failure(codeOf(reason))
    if (failed[0]) {
      const { reason: cause } = failed[0]
      if (hasCode(cause, 'database_unavailable')) {
        const why = `the end of access could not be recorded yet: ${reasonOf(cause)}`
        throw new BerthError('database_unavailable', why, { cause })
      }
      const why = `the engine has not confirmed yet that all access ended: ${reasonOf(cause)}`
      throw new BerthError('engine_unavailable', why, { cause })
    }
  }

  /** Reserves, and counts a refusal. Invalid requests are not counted: they say nothing about the pool. */
  async function countedReserve(request: ReserveRequest, by: Identity): Promise<Reserved> {
    try {
      return await reserve(context, request, by)
    } catch (error) {
      if (!hasCode(error, 'invalid_request')) metrics.refused(request.pool.name, codeOf(error))
      throw error
    }
  }

  return {
    reserve: countedReserve,
    violations: (wanted, by) => reserveViolations(context, wanted, by),
    find,
    extend,
    keepAlive,
    hold: (id, durationMs, by) => putOnHold(context, { find: () => find(id, by), durationMs }, by),
    async setNote(id, note, by) {
      await find(id, by)
      return setNote(context, id, note, by)
    },
    reset: (container, by) => reset(context, container, by),
    release,
    releaseAll,
  }
}
