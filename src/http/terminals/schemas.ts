/** Shapes of terminals. */
import { Type } from '../json-schema.ts'
import { MAX_SIZE, MIN_SIZE } from '../../domain/terminal/terminal.ts'

const measure = (description: string) => Type.Integer({ minimum: MIN_SIZE, maximum: MAX_SIZE, description })

export const WantedTerminal = Type.Object(
  { cols: measure('Width in characters'), rows: measure('Height in characters') },
  { title: 'TerminalRequest', additionalProperties: false },
)

const fields = {
  id: Type.String(),
  container: Type.String(),
  reservation: Type.String({ description: 'Id of the reservation' }),
  username: Type.String({ description: 'Account that the shell runs as' }),
  created_at: Type.String(),
  persistent: Type.Boolean({ description: 'Whether the shell survives a restart of the manager' }),
  viewers: Type.Integer({ description: 'Number of viewers that are connected now' }),
}

const Secret = Type.String({
  description: 'For one WebSocket, within 10 seconds: Sec-WebSocket-Protocol "berth.v1, ticket.TICKET"',
})

export const TerminalView = Type.Object(fields, { title: 'Terminal' })
export const CreatedTerminal = Type.Object({ ...fields, ticket: Secret }, { title: 'CreatedTerminal' })
export const TerminalList = Type.Object(
  { terminals: Type.Array(TerminalView, { description: 'Oldest first' }) },
  { title: 'TerminalList' },
)
export const TerminalTicket = Type.Object({ ticket: Secret }, { title: 'TerminalTicket' })
export const TerminalId = Type.Object({ id: Type.String() })
