/** The tables as kysely sees them. Times are epoch milliseconds; lists are JSON text. */
import type { ContainerState } from '../core/container.ts'
import type { Outcome, ReservationState } from '../core/reservation.ts'

export interface Tables {
  containers: ContainersTable
  reservations: ReservationsTable
  holds: HoldsTable
  pool_facts: PoolFactsTable
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
  username: string
  password_hash: string | null
  ssh_keys: string
  state: ReservationState
  created_at: number
  duration_ms: number
  prepare_by: number
  active_at: number | null
  expires_at: number | null
  keepalive_ms: number | null
  alive_until: number | null
  ended_at: number | null
  outcome: Outcome | null
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
