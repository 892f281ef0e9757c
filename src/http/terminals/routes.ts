/** Terminals: shells in reserved containers, which viewers see over WebSockets. */
import { setTimeout as sleep } from 'node:timers/promises'
import websocket, { type WebSocket } from '@fastify/websocket'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { BerthError } from '../../domain/errors.ts'
import type { AuthenticatedCaller, TicketHolder } from '../../usecases/terminals/tickets.ts'
import { OPEN } from '../auth/admission.ts'
import { credentialOf } from '../auth/credential.ts'
import { callerOf, identityOf } from '../auth/identity.ts'
import type { RouteContext } from '../context.ts'
import { Named, Type } from '../json-schema.ts'
import { assertOrigin, PROTOCOL, ticketIn } from './handshake.ts'
import { CreatedTerminal, TerminalId, TerminalList, TerminalTicket, WantedTerminal } from './schemas.ts'
import { MAX_MESSAGE_BYTES, serveViewer } from './socket.ts'
import { viewTerminal } from './views.ts'

/** Maximum time for viewers to answer the close when the manager stops. */
const CLOSE_TIMEOUT_MS = 100

export function terminalRoutes(server: FastifyInstance, { terminals, isStillValid }: RouteContext): void {
  const typed = server.withTypeProvider<TypeBoxTypeProvider>()

  typed.post('/v1/containers/:name/terminals', { schema: CREATE }, async (request, reply) => {
    const { ticket, ...terminal } = await terminals.open(
      request.params.name,
      request.body,
      authenticatedCaller(request),
    )
    reply.code(201)
    return { ...viewTerminal(terminal), ticket }
  })

  typed.get('/v1/terminals', { schema: LIST }, async (request) => ({
    terminals: (await terminals.list(identityOf(request))).map(viewTerminal),
  }))

  typed.post('/v1/terminals/:id/tickets', { schema: TICKET }, async (request, reply) => {
    reply.code(201)
    return { ticket: await terminals.ticket(request.params.id, authenticatedCaller(request)) }
  })

  typed.delete('/v1/terminals/:id', { schema: DELETE }, async (request, reply) => {
    await terminals.close(request.params.id, identityOf(request))
    return reply.code(204).send(null)
  })

  void server.register(async (sockets) => {
    await sockets.register(websocket, {
      options: { maxPayload: MAX_MESSAGE_BYTES, handleProtocols: () => PROTOCOL },
      preClose(done) {
        terminals.stop()
        void disconnect(sockets.websocketServer.clients).finally(done)
      },
    })
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
      handler: (_request, reply) => {
        // RFC 9110, 15.5.22 and 7.8: a 426 names the protocol in Upgrade, and Upgrade in Connection.
        reply.headers({ upgrade: 'websocket', connection: 'upgrade' })
        const why = 'this is a WebSocket; open it with a ticket of POST /v1/terminals/ID/tickets'
        const cause = Object.assign(new Error('Upgrade'), { statusCode: 426 })
        throw new BerthError('invalid_request', why, { cause })
      },
      wsHandler: (socket, request) => {
        const holder = admitted.get(request)
        if (!holder) throw new Error('this WebSocket was opened without a ticket')
        return serveViewer(socket, (connection) => terminals.attach(request.params.id, holder, connection))
      },
    })
  })

  /** Returns the holder of a ticket. `unauthorized`. A terminal that is viewed keeps a session from becoming idle. */
  async function holderOf({ by, credential }: AuthenticatedCaller): Promise<TicketHolder> {
    const isStillAllowed = () => isStillValid(credential)
    if (await isStillAllowed()) return { by, isStillAllowed }
    const why = 'the token or session that the ticket was issued to is no longer valid'
    throw new BerthError('unauthorized', why)
  }
}

function authenticatedCaller(request: FastifyRequest): AuthenticatedCaller {
  return { by: identityOf(request), credential: credentialOf(callerOf(request)) }
}

async function disconnect(clients: ReadonlySet<WebSocket>): Promise<void> {
  if (clients.size > 0) await sleep(CLOSE_TIMEOUT_MS)
  for (const client of clients) client.terminate()
}

const CREATE = {
  tags: ['terminals'],
  operationId: 'createTerminal',
  summary: 'Open a shell in a container of your active reservation',
  description:
    'The shell runs as the account of the reservation, as after a login over SSH. It ends with the reservation, or ' +
    'after 10 minutes without viewers. The answer has a ticket for the first viewer.',
  params: Named,
  body: WantedTerminal,
  response: { 201: CreatedTerminal },
}
const LIST = {
  tags: ['terminals'],
  operationId: 'listTerminals',
  summary: 'Your terminals',
  response: { 200: TerminalList },
}
const TICKET = {
  tags: ['terminals'],
  operationId: 'createTerminalTicket',
  summary: 'Get a ticket to view a terminal again, or from another device',
  params: TerminalId,
  response: { 201: TerminalTicket },
}
const DELETE = {
  tags: ['terminals'],
  operationId: 'deleteTerminal',
  summary: 'End a shell and what runs in it',
  params: TerminalId,
  response: { 204: Type.Null({ description: 'The shell has ended' }) },
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
