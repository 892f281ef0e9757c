/** Who holds which containers until when. */
import type { Account } from './account.ts'
import type { Pool } from './pool.ts'

/** waiting -> preparing -> active -> ending -> ended; time runs from active. */
export type ReservationState = 'preparing' | 'active' | 'ending' | 'ended'

/** How it ended; abandoned: nobody has called to keep it alive. */
export type Outcome = 'released' | 'expired' | 'abandoned' | 'failed'

/** One container of a reservation. */
interface Hold {
  readonly container: string
  /** The generation in which its account was opened; null before. Differs from the container's when that was replaced. */
  readonly opened: number | null
}

/** Times are epoch milliseconds. */
export interface Reservation {
  readonly id: string
  readonly pool: string
  readonly username: string
  /** SHA-512 crypt; kept so that the account can be made again in a replaced container. */
  readonly passwordHash: string | null
  readonly sshKeys: readonly string[]
  readonly state: ReservationState
  readonly createdAt: number
  /** Milliseconds that it may last from `active` on. */
  readonly durationMs: number
  /** Still preparing by then: whoever prepared it is dead, and it fails. */
  readonly prepareBy: number
  /** When its time began; null before it is active. */
  readonly activeAt: number | null
  /** null before it is active. */
  readonly expiresAt: number | null
  /** Milliseconds for which it lives on after each call to keep it alive; null when no such calls are needed. */
  readonly keepaliveMs: number | null
  /** When it is abandoned unless somebody calls; null when no such calls are needed. */
  readonly aliveUntil: number | null
  /** When its access was to end; null before `ending`. */
  readonly endedAt: number | null
  readonly outcome: Outcome | null
  /** What its owner wrote on it. */
  readonly note: string | null
  readonly holds: readonly Hold[]
}

/** When it ends by itself, and how; null before it is active. */
export function dueEnd({
  expiresAt,
  aliveUntil,
}: Reservation): { at: number; outcome: 'expired' | 'abandoned' } | null {
  if (expiresAt === null) return null
  if (aliveUntil !== null && aliveUntil < expiresAt) return { at: aliveUntil, outcome: 'abandoned' }
  return { at: expiresAt, outcome: 'expired' }
}

/** True while its holder may be in. Every read asks this, so that nobody sees an expired one between two sweeps. */
export function isActive(reservation: Reservation, now: number): boolean {
  return reservation.state === 'active' && now < (dueEnd(reservation)?.at ?? now)
}

/** What it is by the clock: one whose time is up is ending, also before the sweep has got to it. */
export function stateAt(reservation: Reservation, now: number): ReservationState {
  return reservation.state === 'active' && !isActive(reservation, now) ? 'ending' : reservation.state
}

/** The account that a reservation has inside its containers. */
export function accountOf(reservation: Reservation, pool: Pool): Account {
  const { username, passwordHash, sshKeys } = reservation
  return { username, passwordHash, sshKeys, sudo: pool.sudo }
}
