/** The verbs on a reservation: reserve, extend and release. HTTP and everything else that people touch is a client of these. */
import { passwordProblem, sshKeyProblem, usernameProblem } from './account.ts'
import type { Clock } from './clock.ts'
import { BerthError, codeOf, type Fault, invalidRequest, reasonOf } from './errors.ts'
import { openAll, SUBSTITUTIONS } from './opening.ts'
import type { Pool } from './pool.ts'
import type { Accounts, Engine, HashPassword, Held, Log, Metrics, Store } from './ports.ts'
import { isActive, type Reservation } from './reservation.ts'
import { revoke } from './revoking.ts'

interface ReserveRequest {
  readonly pool: Pool
  readonly username: string
  /** null: by SSH key only. */
  readonly password: string | null
  /** Lines for authorized_keys. */
  readonly sshKeys?: readonly string[]
  readonly count: number
  /** Milliseconds. */
  readonly durationMs: number
  readonly note?: string
  /** Milliseconds after which it is abandoned unless somebody calls `keepAlive`. */
  readonly keepaliveMs?: number
}

interface Extended {
  readonly reservation: Reservation
  /** Why it is not as late as asked for; null when it is. */
  readonly clamped: string | null
}

export interface ReservingContext {
  readonly pools: readonly Pool[]
  readonly store: Store
  readonly engine: Engine
  readonly accounts: Accounts
  readonly hashPassword: HashPassword
  readonly newId: () => string
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
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
  /**
   * Moves the end of an active reservation to what `until` makes of the present one, epoch milliseconds; never shortens,
   * and never beyond what the pool allows. `not_found`, `not_active`.
   */
  extend(id: string, until: (expiresAt: number) => number): Promise<Extended>
  /** Says that its owner still wants it. As good as nothing where no such calls are needed. `not_found`, `not_active`. */
  keepAlive(id: string): Promise<void>
  /** Ends it; resolves when nobody can log in any more, at once when it has ended before. `not_found`. */
  release(id: string): Promise<Reservation>
  /** Ends all of them; resolves when nobody can log in any more. Throws when that could not be confirmed yet. */
  releaseAll(): Promise<void>
}

export function createReserving(context: ReservingContext): Reserving {
  const { pools, store, accounts, hashPassword, newId, clock, log, metrics, engineProblem, onChange } = context

  async function reserve(request: ReserveRequest): Promise<Held> {
    const asked = clock()
    const { pool, username, password, sshKeys = [], count, durationMs, note = null, keepaliveMs = null } = request
    const facts = (await store.poolFacts()).get(pool.name)
    refuse([
      { path: 'username', problem: usernameProblem(username, facts?.names ?? []) },
      { path: 'password', problem: password === null ? null : passwordProblem(password) },
      ...sshKeys.map((key, index) => ({ path: `ssh_keys[${index}]`, problem: sshKeyProblem(key) })),
    ])
    const down = engineProblem()
    if (down !== null) throw new BerthError('engine_unavailable', `the container engine does not answer: ${down}`)
    const passwordHash = password === null ? null : await hashPassword(password)
    const now = clock()
    // Opening may be tried again with substitutes; a preparation that takes longer than this belongs to a dead process.
    const prepareBy = now + (SUBSTITUTIONS + 1) * accounts.deadlineMs
    const account = { username, passwordHash, sshKeys }
    const held = await store.claim(
      { id: newId(), pool: pool.name, count, ...account, durationMs, prepareBy, note, keepaliveMs },
      now,
    )
    if ('available' in held) throw new BerthError('not_enough', onlyAvailable(held.available))
    const { id } = held.reservation
    try {
      const containers = await openAll(context, held, pool)
      const active = await store.activate(id, clock())
      if (!active) throw new BerthError('cancelled', 'the reservation was released while it was being prepared')
      log.info('reserved', { reservation: id, username, containers: containers.map((c) => c.name), ms: clock() - now })
      metrics.observe('reserve', clock() - asked)
      return { reservation: active, containers }
    } catch (error) {
      log.warn('a reserve failed', { reservation: id, username, reason: reasonOf(error) })
      await store.end([id], 'failed', clock())
      throw error
    } finally {
      onChange()
    }
  }

  async function releaseAll(): Promise<void> {
    const { reservations } = await store.snapshot()
    await cutOff(reservations.map((r) => r.id))
  }

  async function release(id: string): Promise<Reservation> {
    await cutOff([id])
    const reservation = await store.reservation(id)
    if (!reservation) throw new BerthError('not_found', NO_SUCH)
    return reservation
  }

  async function extend(id: string, until: (expiresAt: number) => number): Promise<Extended> {
    for (;;) {
      const reservation = await store.reservation(id)
      if (!reservation) throw new BerthError('not_found', NO_SUCH)
      const now = clock()
      const { expiresAt, activeAt } = reservation
      if (expiresAt === null || activeAt === null || !isActive(reservation, now)) {
        throw new BerthError('not_active', 'only an active reservation can be extended; reserve anew')
      }
      const pool = pools.find((p) => p.name === reservation.pool)
      const { to, clamped } = clampEnd({
        expiresAt,
        wanted: until(expiresAt),
        latest: activeAt + (pool?.duration.max ?? 0),
      })
      if (to === expiresAt) return { reservation, clamped }
      const extended = await store.extend(id, expiresAt, to, now)
      if (!extended) continue // Somebody else has moved or ended it: look again.
      log.info('extended', { reservation: id, username: extended.username, until: new Date(to).toISOString() })
      onChange()
      return { reservation: extended, clamped }
    }
  }

  async function keepAlive(id: string): Promise<void> {
    const now = clock()
    if (await store.keepAlive(id, now)) return
    const reservation = await store.reservation(id)
    if (!reservation) throw new BerthError('not_found', NO_SUCH)
    if (!isActive(reservation, now)) throw new BerthError('not_active', 'it is over; reserve anew')
  }

  async function cutOff(ids: readonly string[]): Promise<void> {
    const ending = await store.end(ids, 'released', clock())
    const cuts = await Promise.allSettled(ending.map((held) => revoke(context, held)))
    for (const cut of cuts) if (cut.status === 'rejected') metrics.failure(codeOf(cut.reason))
    onChange()
    log.info('released', { reservations: ending.map((held) => held.reservation.id) })
    const open = cuts.find((cut) => cut.status === 'rejected')
    if (open) {
      const why = `the engine has not confirmed yet that all access ended: ${reasonOf(open.reason)}`
      throw new BerthError('engine_unavailable', why, { cause: open.reason })
    }
  }

  return { reserve, extend, keepAlive, release, releaseAll }
}

const NO_SUCH = 'there is no such reservation'

/** Never earlier than it is, and at most as late as the pool allows; a pool that is gone allows nothing more. */
function clampEnd(ends: { expiresAt: number; wanted: number; latest: number }): { to: number; clamped: string | null } {
  const { expiresAt, wanted, latest } = ends
  if (wanted < expiresAt) return { to: expiresAt, clamped: 'extending never shortens' }
  if (wanted <= latest) return { to: wanted, clamped: null }
  return { to: Math.max(expiresAt, latest), clamped: 'the pool does not lend for longer than that' }
}

/** Says everything that is wrong, not just the first of it. */
function refuse(checks: readonly { path: string; problem: string | null }[]): void {
  const faults = checks.flatMap(({ path, problem }): Fault[] => (problem === null ? [] : [{ path, message: problem }]))
  if (faults.length > 0) throw invalidRequest(faults)
}

function onlyAvailable(available: number): string {
  return `Only ${available} container${available === 1 ? '' : 's'} available`
}
