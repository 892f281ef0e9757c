/** Between the rows of tables and the types of the domain. */
import type { Container, ContainerPatch } from '../../../domain/container.ts'
import type { Session, Token } from '../../../domain/identity.ts'
import type { Reservation } from '../../../domain/reservation.ts'
import type { Terminal } from '../../../domain/terminal/terminal.ts'
import type { Ticket } from '../../../domain/terminal/ticket.ts'
import { columnsOf, type RowOf } from './columns.ts'
import type {
  ContainersTable,
  HoldsTable,
  ReservationFields,
  ReservationsTable,
  SessionsTable,
  TerminalsTable,
  TokensTable,
} from './tables.ts'

const CONTAINER = columnsOf<Container>({})
const RESERVATION = columnsOf<ReservationFields>({ sshKeys: 'json', promised: 'flag' }, ['preparer'])
const TOKEN = columnsOf<Token>({ limits: 'json' })
const SESSION = columnsOf<Session>({ limits: 'json' })
const TERMINAL = columnsOf<Terminal>({ persistent: 'flag' }, ['manager'])
const TICKET = columnsOf<Ticket>({ by: 'json', credential: 'json' })

export function toContainer(row: ContainersTable): Container {
  return CONTAINER.fromRow(row)
}

export function fromPatch(patch: ContainerPatch): Partial<ContainersTable> {
  return CONTAINER.toPatch(patch)
}

export function toReservation(
  row: ReservationsTable,
  holds: readonly Pick<HoldsTable, 'container' | 'account_generation'>[],
): Reservation {
  return {
    ...RESERVATION.fromRow(row),
    holds: holds
      .map(({ container, account_generation }) => ({ container, accountGeneration: account_generation }))
      .sort((a, b) => (a.container < b.container ? -1 : 1)),
  }
}

/** `preparer` is the name of the manager that prepares it. */
export function fromReservation(reservation: ReservationFields, preparer: string | null): ReservationsTable {
  return { ...RESERVATION.toRow(reservation), preparer }
}

export function toToken(row: TokensTable): Token {
  return TOKEN.fromRow(row)
}

export function fromToken(token: Token): TokensTable {
  return TOKEN.toRow(token)
}

export function toSession(row: SessionsTable): Session {
  return SESSION.fromRow(row)
}

export function fromSession(session: Session): SessionsTable {
  return SESSION.toRow(session)
}

export function toTerminal(row: TerminalsTable): Terminal {
  return TERMINAL.fromRow(row)
}

/** `manager` is the name of the manager that is connected to the shell. */
export function fromTerminal(terminal: Terminal, manager: string): TerminalsTable {
  return { ...TERMINAL.toRow(terminal), manager }
}

export function toTicket(row: RowOf<Ticket>): Ticket {
  return TICKET.fromRow(row)
}

export function fromTicket(ticket: Ticket): RowOf<Ticket> {
  return TICKET.toRow(ticket)
}
