/** Who holds which containers until when. */
import type { Account } from './account.ts'
import type { Pool } from './pool.ts'

/** waiting -> preparing -> active -> ending -> ended; time runs from active. */
export type ReservationState = 'waiting' | 'preparing' | 'active' | 'ending' | 'ended'

/** How it ended; abandoned: nobody has called to keep it alive; cancelled: released before it was active. */
export type Outcome = 'released' | 'expired' | 'abandoned' | 'failed' | 'cancelled'

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
  /** Name of the identity that made it. */
  readonly owner: string
  readonly username: string
  /** SHA-512 crypt; kept so that the account can be made again in a replaced container. */
  readonly passwordHash: string | null
  readonly sshKeys: readonly string[]
  readonly state: ReservationState
  /** How many containers were asked for; while it waits it holds none. */
  readonly count: number
  readonly createdAt: number
  /** Milliseconds that it may last from `active` on. */
  readonly durationMs: number
  /** Still preparing by then: whoever prepared it is dead. Nobody else touches it before. */
  readonly prepareBy: number
  /** Somebody may come back for it, so that a preparation that died is taken up again; otherwise it fails. */
  readonly promised: boolean
  /** Until when it waits, or waited, for containers; null when it never has. */
  readonly waitUntil: number | null
  /** Its turn among those that wait for the same pool: the lowest is first. null when it never waited. */
  readonly turn: number | null
  /** When its time began; null before it is active. */
  readonly activeAt: number | null
  /** null before it is active. */
  readonly expiresAt: number | null
  /** Milliseconds for which it lives on after each call to keep it alive; null when no such calls are needed. */
  readonly keepaliveMs: number | null
  /** When it is abandoned unless somebody calls; null when no such calls are needed. */
  readonly aliveUntil: number | null
  /** The end that its terminals were last told of; null before it is active. */
  readonly toldEnd: number | null
  /** How long before that end they were last warned of it, milliseconds; null when they were not yet. */
  readonly toldLeft: number | null
  /** When its access was to end; null before `ending`. */
  readonly endedAt: number | null
  readonly outcome: Outcome | null
  /** Why it failed; null unless it did. */
  readonly reason: string | null
  /** What its owner wrote on it. */
  readonly note: string | null
  readonly holds: readonly Hold[]
}

/** When it ends by itself, and how; null when only its preparation decides. */
export function dueEnd(reservation: Reservation): { at: number; outcome: 'expired' | 'abandoned' | 'failed' } | null {
  const { state, waitUntil, expiresAt, aliveUntil } = reservation
  const at = state === 'waiting' ? waitUntil : expiresAt
  if (aliveUntil !== null && (at === null || aliveUntil < at)) return { at: aliveUntil, outcome: 'abandoned' }
  return at === null ? null : { at, outcome: state === 'waiting' ? 'failed' : 'expired' }
}

/** Whether its time has come, also before the sweep has got to it. */
export function isDue(reservation: Reservation, now: number): boolean {
  const due = dueEnd(reservation)
  return due !== null && now >= due.at
}

/** True while its holder may be in. Every read asks this, so that nobody sees an expired one between two sweeps. */
export function isActive(reservation: Reservation, now: number): boolean {
  return reservation.state === 'active' && !isDue(reservation, now)
}

/** What it is by the clock: one whose time is up is ending, also before the sweep has got to it. */
export function stateAt(reservation: Reservation, now: number): ReservationState {
  const { state } = reservation
  return state !== 'ended' && isDue(reservation, now) ? 'ending' : state
}

/** Who holds what, by name of the container. */
export function holdersOf(reservations: readonly Reservation[]): ReadonlyMap<string, Reservation> {
  return new Map(reservations.flatMap((r) => r.holds.map((hold) => [hold.container, r] as const)))
}

/** The account that a reservation has inside its containers. */
export function accountOf(reservation: Reservation, pool: Pool, motd: string): Account {
  const { username, passwordHash, sshKeys } = reservation
  return { username, passwordHash, sshKeys, sudo: pool.sudo, motd }
}
