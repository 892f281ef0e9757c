/** Sign-in with a browser: the session of the request, and the list of sessions. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { BerthError, hasCode } from '../../domain/errors.ts'
import { logRefusal, OPEN } from '../auth/admission.ts'
import { type Caller, callerOf, identityOf } from '../auth/identity.ts'
import type { RouteContext } from '../context.ts'
import { createBrowser } from './browser.ts'
import { oidcRoutes } from './oidc/routes.ts'
import { Ended, SessionId, SessionList, SessionState, SignInRequest } from './schemas.ts'
import { viewSession, viewState } from './views.ts'

const tags = ['sessions']
const SHOW = {
  tags,
  operationId: 'getSession',
  summary: 'Show the caller and how to sign in; never answered with 401',
  response: { 200: SessionState },
}
const OPEN_SESSION = {
  tags,
  operationId: 'createSession',
  summary: 'Sign in with an API token: the answer sets the cookie of a session',
  description: 'For pages of the manager; programs send the token itself. Ends the previous session of the browser.',
  body: SignInRequest,
  response: { 201: SessionState },
}
const END_OWN = {
  tags,
  operationId: 'endSession',
  summary: 'Sign out: end the session of the cookie, and expire the cookie',
  response: { 204: Ended },
}
const LIST = {
  tags,
  operationId: 'listSessions',
  summary: 'List sessions that have not ended: all for admins, their own for other callers',
  response: { 200: SessionList },
}
const END = {
  tags,
  operationId: 'deleteSession',
  summary: 'End a session: its cookie is no longer accepted',
  params: SessionId,
  response: { 204: Ended },
}

export function sessionRoutes(server: FastifyInstance, context: RouteContext): void {
  const { authenticate, signIn, log } = context
  const typed = server.withTypeProvider<TypeBoxTypeProvider>()
  const browser = signIn && createBrowser({ ...context, sessions: signIn.sessions })

  /** Returns the caller, or null if the request has no valid token or session. */
  async function callerOrNull(request: FastifyRequest): Promise<Caller | null> {
    try {
      return await authenticate(request)
    } catch (error) {
      if (hasCode(error, 'unauthorized')) return null
      throw error
    }
  }

  typed.get('/v1/session', { schema: SHOW, ...OPEN }, async (request, reply) => {
    reply.header('vary', 'Authorization, Cookie')
    const caller = await callerOrNull(request)
    const session = caller?.session === undefined || !browser ? null : await browser.find(request)
    return viewState(signIn, caller, session)
  })

  typed.post('/v1/session', { schema: OPEN_SESSION, ...OPEN }, async (request, reply) => {
    if (!signIn || !browser) throw notNeeded()
    const token = await signIn.checkToken(request.body.token.trim()).catch((error: unknown) => {
      logRefusal(log, request, error)
      throw error
    })
    const session = await browser.open(request, reply, { way: 'token', token })
    const { name, role, limits, endsAt: expiresAt, id } = session
    reply.code(201)
    return viewState(signIn, { identity: { name, role, limits }, auth: 'token', expiresAt, session: id }, session)
  })

  typed.delete('/v1/session', { schema: END_OWN, ...OPEN }, async (request, reply) => {
    await browser?.end(request, reply)
    return reply.code(204).send(null)
  })

  typed.get('/v1/sessions', { schema: LIST }, async (request) => {
    const { identity, session } = callerOf(request)
    const sessions = signIn ? await signIn.sessions.list(identity) : []
    return { sessions: sessions.map((each) => viewSession(each, session)) }
  })

  typed.delete('/v1/sessions/:id', { schema: END }, async (request, reply) => {
    const by = identityOf(request)
    const ended = await signIn?.sessions.end(request.params.id, by)
    if (!ended)
      throw new BerthError('not_found', 'there is no such session; GET /v1/sessions lists those that you may end')
    const fields = { identity: by.name, session: ended.id, address: request.ip, request_id: request.id }
    log.info(`${by.name} ended a session of ${ended.name}, from ${request.ip}`, fields)
    return reply.code(204).send(null)
  })

  oidcRoutes(server, context, browser)
}

function notNeeded(): BerthError {
  return new BerthError('conflict', 'this manager has auth: none, so every caller is an admin and needs no sign-in')
}
