/** The tables as kysely sees them. Times are epoch milliseconds; lists are JSON text. */
import type { Generated } from 'kysely'
import type { ContainerState } from '../core/container.ts'
import type { EventKind } from '../core/events.ts'
import type { Role } from '../core/identity.ts'
import type { Outcome, ReservationState } from '../core/reservation.ts'

export interface Tables {
  containers: ContainersTable
  reservations: ReservationsTable
  holds: HoldsTable
  pool_facts: PoolFactsTable
  pool_sizes: PoolSizesTable
  tokens: TokensTable
  events: EventsTable
  requests: RequestsTable
  leaders: LeadersTable
}

export interface ContainersTable {
  name: string
  pool: string
  number: number
  port: number
  state: ContainerState
  since: number
  generation: number
  engine_id: string | null
  host_key: string | null
  attempts: number
  retry_at: number
  error: string | null
}

export interface ReservationsTable {
  id: string
  pool: string
  owner: string
  username: string
  password_hash: string | null
  ssh_keys: string
  state: ReservationState
  count: number
  created_at: number
  duration_ms: number
  prepare_by: number
  /** Name of the manager that prepares it, or did; null when that is not known. */
  preparer: string | null
  /** 0 or 1. */
  promised: number
  wait_until: number | null
  turn: number | null
  active_at: number | null
  expires_at: number | null
  keepalive_ms: number | null
  alive_until: number | null
  told_end: number | null
  told_left: number | null
  ended_at: number | null
  outcome: Outcome | null
  reason: string | null
  note: string | null
}

export interface HoldsTable {
  reservation_id: string
  container: string
  opened: number | null
  /** 1 until nobody can log in any more, then null: the unique index over (container, open) lets one be open at a time. */
  open: number | null
}

interface PoolFactsTable {
  pool: string
  os: string
  names: string
}

interface PoolSizesTable {
  pool: string
  size: number
}

export interface TokensTable {
  id: string
  name: string
  role: Role
  hash: string
  created_at: number
  expires_at: number | null
  /** Limits as JSON. */
  limits: string
}

export interface EventsTable {
  id: Generated<number>
  at: number
  kind: EventKind
  by: string
  pool: string | null
  container: string | null
  generation: number | null
  reservation: string | null
  owner: string | null
  username: string | null
  detail: string | null
}

interface LeadersTable {
  /** What one manager at a time does for all of them. */
  work: string
  manager: string
  until: number
}

interface RequestsTable {
  owner: string
  /** Hash of the Idempotency-Key. */
  key: string
  body: string
  salt: string
  reservation_id: string
  created_at: number
}
