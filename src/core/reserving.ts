/** The verbs on a reservation: reserve, extend and release. HTTP and everything else that people touch is a client of these. */
import { passwordProblem, sshKeyProblem, usernameProblem } from './account.ts'
import type { Clock } from './clock.ts'
import { BerthError, codeOf, reasonOf } from './errors.ts'
import { type Identity, maySee } from './identity.ts'
import { letIn, preparationTime } from './opening.ts'
import { dueOf } from './plan.ts'
import type { Pool } from './pool.ts'
import type { Pools } from './pools.ts'
import type { Accounts, Engine, HashPassword, Log, Metrics } from './ports.ts'
import type { EarlierRequest, Held, RequestKey, Store } from './store.ts'
import { clampEnd, notTaken, refuse, refuseBeyond } from './refusing.ts'
import { isActive, isDue, type Reservation } from './reservation.ts'
import { revoke } from './revoking.ts'

interface ReserveRequest {
  readonly pool: Pool
  readonly username: string
  /** null: by SSH key only. */
  readonly password: string | null
  /** Whether it was made of random bytes for this request. */
  readonly generated?: boolean
  /** Lines for authorized_keys. */
  readonly sshKeys?: readonly string[]
  readonly count: number
  /** Milliseconds. */
  readonly durationMs: number
  readonly note?: string
  /** Milliseconds after which it is abandoned unless somebody calls `keepAlive`. */
  readonly keepaliveMs?: number
  /** Milliseconds for which it may wait in the pool's queue. */
  readonly waitMs?: number
  /** How this request is known when it is sent again. */
  readonly key?: RequestKey
}

interface Reserved extends Held {
  /** The salt of the earlier request that this one repeats; null when it is the first. */
  readonly repeats: string | null
}

interface Extended {
  readonly reservation: Reservation
  /** Why it is not as late as asked for; null when it is. */
  readonly clamped: string | null
}

export interface ReservingContext {
  readonly pools: Pools
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
  /** There is nothing to reconcile before this time, epoch milliseconds. */
  readonly onDue: (at: number) => void
}

/** `by` is who asks. What belongs to somebody else is `not_found` to all but admins. */
export interface Reserving {
  /**
   * Resolves when the account works in every container, or when it is in the queue: its state says which. A request that
   * was made before gives what became of that one. `invalid_request`, `forbidden`, `quota_exceeded`, `not_enough`
   * (nothing is taken then), `idempotency_mismatch`, `engine_unavailable`, `guest_failed`, or `cancelled` when it was
   * released meanwhile.
   */
  reserve(request: ReserveRequest, by: Identity): Promise<Reserved>
  /** `not_found` */
  find(id: string, by: Identity): Promise<Held>
  /**
   * Moves the end of an active reservation to what `until` makes of the present one, epoch milliseconds; never shortens,
   * and never beyond what the pool and the limits allow. `not_found`, `not_active`.
   */
  extend(id: string, until: (expiresAt: number) => number, by: Identity): Promise<Extended>
  /** Says that its owner still wants it. As good as nothing where no such calls are needed. `not_found`, `not_active`. */
  keepAlive(id: string, by: Identity): Promise<void>
  /** Ends it; resolves when nobody can log in any more, at once when it has ended before. `not_found`. */
  release(id: string, by: Identity): Promise<Held>
  /**
   * Ends all of them that are open, of one pool or account where that is given; resolves with their ids when nobody can
   * log in any more. Throws when that could not be confirmed yet.
   */
  releaseAll(which: { readonly pool?: string; readonly username?: string }, by: Identity): Promise<string[]>
}

export function createReserving(context: ReservingContext): Reserving {
  const { pools, store, accounts, hashPassword, newId, clock, log, metrics, engineProblem } = context
  const { onChange, onDue } = context

  async function reserve(request: ReserveRequest, by: Identity): Promise<Reserved> {
    const asked = clock()
    const { pool, username, password, sshKeys = [], count, key = null } = request
    const before = key && (await store.earlier(by.name, key.key, asked))
    if (before) return repeated(key, before)
    const facts = (await store.poolFacts()).get(pool.name)
    refuseBeyond(by.limits, request)
    refuse([
      { path: 'username', problem: usernameProblem(username, facts?.names ?? []) },
      { path: 'password', problem: password === null ? null : passwordProblem(password) },
      ...sshKeys.map((line, index) => ({ path: `ssh_keys[${index}]`, problem: sshKeyProblem(line) })),
    ])
    const down = engineProblem()
    if (down !== null) throw new BerthError('engine_unavailable', `the container engine does not answer: ${down}`)
    const passwordHash = password === null ? null : await hashPassword(password, request.generated)
    const now = clock()
    const claimed = await store.claim(
      {
        ...{ id: newId(), pool: pool.name, owner: by.name, username, passwordHash, sshKeys, count },
        ...{ durationMs: request.durationMs, prepareBy: now + preparationTime(accounts), note: request.note ?? null },
        ...{ keepaliveMs: request.keepaliveMs ?? null, quota: by.limits.containers, request: key },
        waitUntil: request.waitMs === undefined ? null : now + request.waitMs,
      },
      now,
    )
    if (claimed.is === 'repeated') return repeated(key, claimed.earlier)
    if (claimed.is === 'waiting') {
      onChange()
      return { ...claimed.held, repeats: null }
    }
    if (claimed.is !== 'held') throw notTaken(claimed, by)
    const { id, prepareBy } = claimed.held.reservation
    try {
      const held = await letIn(context, claimed.held, pool)
      metrics.observe('reserve', clock() - asked)
      if (held.containers.every(({ name }, nth) => name === claimed.held.containers[nth]?.name)) {
        // A look at the engine, of which one may have a thousand containers, would only find what was just seen.
        onDue(dueOf(held.reservation, clock()))
      } else onChange()
      return { ...held, repeats: null }
    } catch (error) {
      const failed = { outcome: 'failed', reason: reasonOf(error), seen: { prepareBy } } as const
      await store.end([id], failed, clock()).finally(onChange)
      throw error
    }
  }

  async function find(id: string, by: Identity): Promise<Held> {
    const held = await store.held(id)
    if (!held || !maySee(by, held.reservation)) throw new BerthError('not_found', NO_SUCH)
    return held
  }

  async function releaseAll(which: { pool?: string; username?: string }, by: Identity): Promise<string[]> {
    const { reservations } = await store.snapshot()
    const theirs = reservations.filter(
      (r) =>
        maySee(by, r) &&
        (which.pool === undefined || r.pool === which.pool) &&
        (which.username === undefined || r.username === which.username),
    )
    const ids = theirs.map((r) => r.id)
    await cutOff(ids, by)
    return ids
  }

  async function release(id: string, by: Identity): Promise<Held> {
    await find(id, by)
    await cutOff([id], by)
    return find(id, by)
  }

  async function extend(id: string, until: (expiresAt: number) => number, by: Identity): Promise<Extended> {
    for (;;) {
      const { reservation } = await find(id, by)
      const now = clock()
      const { expiresAt, activeAt } = reservation
      if (expiresAt === null || activeAt === null || !isActive(reservation, now)) {
        throw new BerthError('not_active', 'only an active reservation can be extended; reserve anew')
      }
      const { to, clamped } = clampEnd({
        expiresAt,
        wanted: until(expiresAt),
        byPool: activeAt + (pools.named(reservation.pool)?.duration.max ?? 0),
        byLimits: activeAt + (by.limits.durationMs ?? Number.POSITIVE_INFINITY),
      })
      if (to === expiresAt) return { reservation, clamped }
      const extended = await store.extend(id, expiresAt, to, by.name, now)
      if (!extended) continue // Somebody else has moved or ended it: look again.
      log.info('extended', { reservation: id, username: extended.username, until: new Date(to).toISOString() })
      onChange()
      return { reservation: extended, clamped }
    }
  }

  async function keepAlive(id: string, by: Identity): Promise<void> {
    const { reservation } = await find(id, by)
    const now = clock()
    if (await store.keepAlive(id, now)) return
    const { state } = reservation
    if (state === 'ending' || state === 'ended' || isDue(reservation, now)) {
      throw new BerthError('not_active', 'it is over; reserve anew')
    }
  }

  async function cutOff(ids: readonly string[], by: Identity): Promise<void> {
    const ending = await store.end(ids, { outcome: 'released', by: by.name }, clock())
    const cuts = await Promise.allSettled(ending.map((held) => revoke(context, held)))
    for (const cut of cuts) if (cut.status === 'rejected') metrics.failure(codeOf(cut.reason))
    onChange()
    log.info('released', { reservations: ending.map((held) => held.reservation.id), by: by.name })
    const open = cuts.find((cut) => cut.status === 'rejected')
    if (open) {
      const why = `the engine has not confirmed yet that all access ended: ${reasonOf(open.reason)}`
      throw new BerthError('engine_unavailable', why, { cause: open.reason })
    }
  }

  return { reserve, find, extend, keepAlive, release, releaseAll }
}

const NO_SUCH = 'there is no such reservation'

/** What became of the request that this one repeats. */
function repeated(key: RequestKey | null, earlier: EarlierRequest): Reserved {
  if (key?.body === earlier.body) return { ...earlier.held, repeats: earlier.salt }
  const why = 'this Idempotency-Key was used for another request in the last 24 hours; use a new one for each request'
  throw new BerthError('idempotency_mismatch', why)
}
