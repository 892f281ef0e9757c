/** The WebSocket of a terminal. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { BerthError } from '../../domain/errors.ts'
import type { AuthenticatedCaller, TicketHolder } from '../../usecases/terminals/tickets.ts'
import { OPEN } from '../auth/admission.ts'
import type { RouteContext } from '../context.ts'
import { Type } from '../json-schema.ts'
import { requireUpgrade } from '../websockets/upgrade.ts'
import { assertOrigin, ticketIn } from './handshake.ts'
import { TerminalId } from './schemas.ts'
import { serveViewer } from './socket.ts'

export function terminalSocket(sockets: FastifyInstance, { terminals, isStillValid }: RouteContext): void {
  const admitted = new WeakMap<FastifyRequest, TicketHolder>()
  sockets.route<{ Params: { id: string } }>({
    method: 'GET',
    url: '/v1/terminals/:id',
    schema: VIEW,
    ...OPEN,
    preHandler: async (request) => {
      if (!request.ws) return
      assertOrigin(request.headers)
      const ticket = ticketIn(request.headers['sec-websocket-protocol'])
      admitted.set(request, await holderOf(await terminals.redeem(ticket, request.params.id)))
    },
    handler: (_request, reply) => requireUpgrade(reply, 'open it with a ticket of POST /v1/terminals/ID/tickets'),
    wsHandler: (socket, request) => {
      const holder = admitted.get(request)
      if (!holder) throw new Error('this WebSocket was opened without a ticket')
      return serveViewer(socket, (connection) => terminals.attach(request.params.id, holder, connection))
    },
  })

  /** Returns the holder of a ticket. `unauthorized`. A terminal that is viewed keeps a session from becoming idle. */
  async function holderOf({ by, credential }: AuthenticatedCaller): Promise<TicketHolder> {
    const isStillAllowed = () => isStillValid(credential)
    if (await isStillAllowed()) return { by, isStillAllowed }
    const why = 'the token or session that the ticket was issued to is no longer valid'
    throw new BerthError('unauthorized', why)
  }
}

const VIEW = {
  tags: ['terminals'],
  operationId: 'viewTerminal',
  summary: 'View a terminal and type in it, over a WebSocket',
  description:
    'Send `Sec-WebSocket-Protocol: berth.v1, ticket.TICKET`, and the Origin of a page of this manager or an ' +
    'Authorization header. Binary messages are bytes of the terminal; texts are JSON. docs/api.md describes them ' +
    'and the close codes of the manager.',
  params: TerminalId,
  response: { 101: Type.Null({ description: 'The WebSocket is open' }) },
}
