/** API tokens, for admins, and who one is, for everybody. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { BerthError } from '../../core/errors.ts'
import { stateAt } from '../../core/reservation.ts'
import type { ServerContext } from '../context.ts'
import { ADMIN_ONLY, callerOf, identityOf } from '../access/identity.ts'
import { newToken, WantedToken } from '../access/new-token.ts'
import { viewLimits, viewToken } from '../access/token-views.ts'
import { optionalTime } from '../views.ts'
import { DeletedToken, MadeToken, Me, TokenId, TokenList } from './token-schemas.ts'

const LIST = { summary: 'API tokens, without their secrets', response: { 200: TokenList } }
const MAKE = { summary: 'Make an API token; this answer alone has it', body: WantedToken, response: { 201: MadeToken } }
const DELETE = {
  summary: 'Delete an API token: it is refused from now on',
  params: TokenId,
  response: { 200: DeletedToken },
}
const ME = { summary: 'Who asks, and what they may do', response: { 200: Me } }

export function tokenRoutes(server: FastifyInstance, { store, pools, clock }: ServerContext): void {
  const typed = server.withTypeProvider<TypeBoxTypeProvider>()

  typed.get('/v1/tokens', { schema: LIST, ...ADMIN_ONLY }, async () => {
    const tokens = await store.tokens()
    return { tokens: tokens.map(viewToken) }
  })

  typed.post('/v1/tokens', { schema: MAKE, ...ADMIN_ONLY }, async (request, reply) => {
    const now = clock()
    const known = pools.all().map((pool) => pool.name)
    const { token, text } = newToken(request.body, known, now)
    await store.addToken(token, identityOf(request).name, now)
    reply.code(201)
    return { ...viewToken(token), token: text }
  })

  typed.delete('/v1/tokens/:id', { schema: DELETE, ...ADMIN_ONLY }, async (request) => {
    const { id } = request.params
    const found = await store.removeToken(id, identityOf(request).name, clock())
    if (!found) throw new BerthError('not_found', 'there is no such token')
    return { id, deleted: true as const }
  })

  typed.get('/v1/me', { schema: ME }, async (request) => {
    const { identity, auth, expiresAt } = callerOf(request)
    const { name, role, limits } = identity
    const { reservations } = await store.snapshot()
    const theirs = reservations.filter((r) => r.owner === name && stateAt(r, clock()) !== 'ending')
    return {
      ...{ name, role, auth, expires_at: optionalTime(expiresAt), limits: viewLimits(limits) },
      containers_held: theirs.reduce((sum, { count }) => sum + count, 0),
    }
  })
}
