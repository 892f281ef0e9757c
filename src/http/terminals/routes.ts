/** Terminals: shells in reserved containers. Viewers see them over WebSockets, see `view-route.ts`. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { AuthenticatedCaller } from '../../usecases/terminals/tickets.ts'
import { credentialOf } from '../auth/credential.ts'
import { callerOf, identityOf } from '../auth/identity.ts'
import type { RouteContext } from '../context.ts'
import { Named, Type } from '../json-schema.ts'
import { CreatedTerminal, TerminalId, TerminalList, TerminalTicket, WantedTerminal } from './schemas.ts'
import { viewTerminal } from './views.ts'

export function terminalRoutes(server: FastifyInstance, { terminals }: RouteContext): void {
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
}

function authenticatedCaller(request: FastifyRequest): AuthenticatedCaller {
  return { by: identityOf(request), credential: credentialOf(callerOf(request)) }
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
