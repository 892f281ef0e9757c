/** Delivers notifications inside containers: at least once in each, and never after the end. */
import type { Clock } from '../ports/clock.ts'
import { type Container, targetOf } from '../domain/container.ts'
import { BerthError } from '../domain/errors.ts'
import type { HostCertificates } from './host-certificates.ts'
import type { Accounts, Outcomes } from '../ports/accounts.ts'
import { dueNotification, lineOf, type Notification } from '../domain/session/notification.ts'
import { sessionTextsOf } from '../domain/session/texts.ts'
import type { LocalTime } from '../domain/text/local-time.ts'
import type { Pools } from '../domain/pools.ts'
import type { Engine } from '../ports/engine.ts'
import type { Store } from '../ports/store.ts'
import { sessionContextOf } from './self-service/session-context.ts'

/** Pause after an attempt that did not reach every container. Doubles with each one. */
const MIN_RETRY_MS = 5_000
const MAX_RETRY_MS = 60_000
/** Attempts after which a notification is given up: about seven minutes. The next one is tried again. */
const MAX_ATTEMPTS = 10
/** An attempt is forgotten after this time. */
const FORGET_AFTER_MS = 10 * MAX_RETRY_MS
/** A notification that was given up is remembered longer: forgotten earlier, it would be tried again. */
const FORGET_GIVEN_UP_AFTER_MS = 24 * 3_600_000

interface NotifierDeps {
  readonly pools: Pools
  readonly engine: Pick<Engine, 'lines'>
  readonly localTime: LocalTime
  readonly store: Store
  readonly accounts: Accounts
  readonly clock: Clock
  /** Absent without `ssh.host_ca`. */
  readonly hostCertificates?: HostCertificates | undefined
}

/** An attempt that did not reach every container. Lost with the process: some tenants read it twice then. */
interface Attempt {
  readonly at: number
  readonly notification: Notification
  readonly pauseMs: number
  /** Number of attempts at this notification, this one included. */
  readonly count: number
  /** Engine ids of the containers that it was delivered to. */
  readonly delivered: ReadonlySet<string | null>
}

export interface Notifier {
  /** Whether this was tried a moment ago, or is given up. */
  isPausing(id: string, notification: Notification): boolean
  /** Notifies the containers that have not been notified; `up` are those that run. Throws the first failure. */
  notify(id: string, up: readonly Container[]): Promise<void>
}

export function createNotifier(context: NotifierDeps): Notifier {
  const { store, accounts, clock, localTime, hostCertificates } = context
  const attempts = new Map<string, Attempt>()

  function earlier(id: string, { end, left }: Notification): Attempt | undefined {
    const attempt = attempts.get(id)
    return attempt?.notification.end === end && attempt.notification.left === left ? attempt : undefined
  }

  function remember(id: string, attempt: Attempt): void {
    for (const [other, { at, count }] of attempts) {
      const lasts = count < MAX_ATTEMPTS ? FORGET_AFTER_MS : FORGET_GIVEN_UP_AFTER_MS
      if (Math.abs(attempt.at - at) > lasts) attempts.delete(other)
    }
    attempts.set(id, attempt)
  }

  async function notify(id: string, up: readonly Container[]): Promise<void> {
    const reservation = await store.reservation(id)
    const now = clock()
    // The plan is older than this moment: the end may have come, or may have been moved.
    const notification = reservation && dueNotification(reservation, now)
    if (!notification) return
    const { end, left } = notification
    const before = earlier(id, notification)
    const pauseMs = before ? Math.min(2 * before.pauseMs, MAX_RETRY_MS) : MIN_RETRY_MS
    const delivered = new Set(before?.delivered)
    // Recorded before the outcome is known: it may fail in any way.
    const attempt = { at: now, notification, pauseMs, count: (before?.count ?? 0) + 1, delivered }
    remember(id, attempt)
    const rest = up.filter(({ engineId }) => !delivered.has(engineId))
    // Certificates end with the reservation, so an extension renews them. Both are repeated until both succeed.
    const certified: Outcomes =
      (notification.extended && (await hostCertificates?.write(rest, reservation, end))) || new Map()
    const targets = rest.map(targetOf)
    const pool = context.pools.named(reservation.pool)
    const ids = targets.map((target) => target.id)
    const session = { ...(await sessionContextOf(context.engine, pool, ids)), localTime, now }
    const outcomes = await accounts.notify(targets, {
      username: reservation.username,
      ...sessionTextsOf(reservation, end, session),
      line: lineOf(reservation, notification, session),
    })
    const failureIn = (name: string) => outcomes.get(name) ?? certified.get(name) ?? null
    for (const { name, engineId } of rest) {
      if (outcomes.has(name) && failureIn(name) === null) delivered.add(engineId)
    }
    const missed = rest.find(({ engineId }) => !delivered.has(engineId))
    if (missed) throw failureIn(missed.name) ?? new BerthError('guest_failed', `${missed.name}: no outcome`)
    if (up.length < reservation.holds.length) {
      // A container that is down is notified when it is back, however long that takes.
      remember(id, { ...attempt, count: before?.count ?? 0 })
      return
    }
    await store.recordNotified(id, end, left)
    attempts.delete(id)
  }

  return {
    isPausing(id, notification) {
      const before = earlier(id, notification)
      if (before === undefined) return false
      const since = clock() - before.at
      return before.count >= MAX_ATTEMPTS || (since >= 0 && since < before.pauseMs)
    },
    notify,
  }
}
