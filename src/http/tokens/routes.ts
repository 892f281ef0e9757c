/** API tokens, for admins; the caller's own identity, for every caller. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { BerthError } from '../../domain/errors.ts'
import { heldBy } from '../../domain/reservation.ts'
import type { ServerContext } from '../context.ts'
import { ADMIN_ONLY, callerOf, identityOf } from '../auth/identity.ts'
import { optionalTime } from '../time.ts'
import { DeletedToken, MadeToken, Me, TokenId, TokenList, WantedToken } from './schemas.ts'
import { viewLimits, viewNewToken, viewToken } from './views.ts'

const LIST = {
  tags: ['tokens'],
  operationId: 'listTokens',
  summary: 'API tokens, without their secrets',
  response: { 200: TokenList },
}
const MAKE = {
  tags: ['tokens'],
  operationId: 'createToken',
  summary: 'Make an API token; only this answer shows it',
  body: WantedToken,
  response: { 201: MadeToken },
}
const DELETE = {
  tags: ['tokens'],
  operationId: 'deleteToken',
  summary: 'Delete an API token: it is refused from now on',
  params: TokenId,
  response: { 200: DeletedToken },
}
const ME = {
  tags: ['tokens'],
  operationId: 'getIdentity',
  summary: 'The identity of the caller, and its limits',
  response: { 200: Me },
}

export function tokenRoutes(server: FastifyInstance, { store, tokens, clock }: ServerContext): void {
  const typed = server.withTypeProvider<TypeBoxTypeProvider>()

  typed.get('/v1/tokens', { schema: LIST, ...ADMIN_ONLY }, async () => ({
    tokens: (await tokens.list()).map(viewToken),
  }))

  const rules = ({ body }: FastifyRequest) => tokens.violations(body as Partial<Static<typeof WantedToken>>)
  typed.post('/v1/tokens', { schema: MAKE, config: { rules }, ...ADMIN_ONLY }, async (request, reply) => {
    const made = await tokens.create(request.body, identityOf(request).name)
    reply.code(201)
    return viewNewToken(made)
  })

  typed.delete('/v1/tokens/:id', { schema: DELETE, ...ADMIN_ONLY }, async (request) => {
    const { id } = request.params
    const found = await tokens.remove(id, identityOf(request).name)
    if (!found) throw new BerthError('not_found', 'there is no such token')
    return { id, deleted: true as const }
  })

  typed.get('/v1/me', { schema: ME }, async (request) => {
    const { identity, auth, expiresAt } = callerOf(request)
    const { name, role, limits } = identity
    const { reservations } = await store.snapshot()
    return {
      name,
      role,
      auth,
      expires_at: optionalTime(expiresAt),
      limits: viewLimits(limits),
      containers_held: heldBy(reservations, name, clock()),
    }
  })
}
