/** The tables as kysely sees them. Times are epoch milliseconds; lists are JSON text. */
import type { Generated } from 'kysely'
import type { Container } from '../../../domain/container.ts'
import type { BerthEvent } from '../../../domain/event.ts'
import type { Session, Token } from '../../../domain/identity.ts'
import type { Reservation } from '../../../domain/reservation.ts'
import type { RefusalCount } from '../../../ports/store/history.ts'
import type { RequestCount } from '../../../ports/store/request-counts.ts'
import type { Terminal } from '../../../domain/terminal/terminal.ts'
import type { Ticket } from '../../../domain/terminal/ticket.ts'
import type { RowOf } from './columns.ts'

export interface Tables {
  containers: ContainersTable
  reservations: ReservationsTable
  holds: HoldsTable
  pool_facts: PoolFactsTable
  pool_sizes: PoolSizesTable
  tokens: TokensTable
  sessions: SessionsTable
  terminals: TerminalsTable
  tickets: RowOf<Ticket>
  request_counts: RowOf<RequestCount>
  events: EventsTable
  requests: RequestsTable
  leaders: LeadersTable
  managers: ManagersTable
  gateways: GatewaysTable
  database_identity: DatabaseIdentityTable
  changes: ChangesTable
  refusals: RowOf<RefusalCount>
}

export type ContainersTable = RowOf<Container>

export type ReservationFields = Omit<Reservation, 'holds'>

export interface ReservationsTable extends RowOf<ReservationFields> {
  /** Name of the manager that prepares it, or did; null when that is not known. */
  preparer: string | null
}

export interface HoldsTable {
  reservation_id: string
  container: string
  account_generation: number | null
  /**
   * 1 until access to the container was revoked, then null: the unique index over (container, current) allows one such
   * hold at a time.
   */
  current: number | null
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

export type TokensTable = RowOf<Token>

export type SessionsTable = RowOf<Session>

export interface TerminalsTable extends RowOf<Terminal> {
  /** Name of the manager that is connected to the shell, or was connected last. */
  manager: string | null
}

export interface EventsTable extends Omit<RowOf<BerthEvent>, 'id'> {
  id: Generated<number>
}

interface LeadersTable {
  /** What one manager at a time does for all of them. */
  work: string
  /** Name of a manager; null: the last leader left, or died. */
  manager: string | null
  term: number
  renewals: number
}

interface ManagersTable {
  /** Unique for each process. */
  name: string
  /** Where it serves. */
  address: string
  /** Null, as are the columns below, for a manager that does not renew its row. */
  version: string | null
  started_at: number | null
  seen_at: number | null
  until: number | null
  clock_offset: number | null
  /** The latest change up to which it has closed what was over; null before the first. */
  applied_change: number | null
}

interface GatewaysTable {
  /** Unique for each process. */
  name: string
  /** Host name of its machine, and the address on which it listens. */
  address: string
  started_at: number
  until: number
  /** As that of a manager. */
  applied_change: number | null
}

/** One row. */
interface DatabaseIdentityTable {
  one: number
  /** A UUID. */
  id: string
  /** UUID of the ledger of lent containers that this database relies on; null before it has read one. */
  ledger: string | null
  /** The instance whose ledger that is. */
  instance: string | null
  /** Digest of the secret that the managers share. Null until a manager records it, and always in a SQLite file. */
  secret_check: string | null
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

/** What changed of a snapshot, row by row. */
interface ChangesTable {
  revision: Generated<number>
  /** `commit`: a COMMIT on PostgreSQL, even of transactions that changed no snapshot. */
  kind: 'container' | 'reservation' | 'pool_size' | 'commit'
  /** Name of the container, id of the reservation, name of the pool, token of the commit. */
  key: string
}
