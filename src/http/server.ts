/** The HTTP API: fastify with our routes, our words for errors, and nothing that a web page could abuse. */
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { BerthError, reasonOf } from '../core/errors.ts'
import { admit } from './access/admission.ts'
import { openAnsweredBefore } from './answered-before.ts'
import type { ServerContext } from './context.ts'
import { refuseAmbiguous, refuseForeign } from './access/guard.ts'
import { boundedServer } from './connections.ts'
import { SECURITY_HEADERS } from './access/headers.ts'
import { openFeed } from './following/event-feed.ts'
import { cutOffAfter } from './following/long-poll.ts'
import { openPlaces } from './following/places.ts'
import { describeApi, openapiRoute } from './openapi.ts'
import { problemDetails, RETRY_AFTER, STATUS, toBerthError } from './problems.ts'
import { compatRoutes } from './routes/compat.ts'
import { containerRoutes } from './routes/containers.ts'
import { eventRoutes } from './routes/events.ts'
import { opsRoutes } from './routes/ops.ts'
import { poolRoutes } from './routes/pools.ts'
import { reservationRoutes } from './routes/reservations.ts'
import { usageRoutes } from './routes/usage.ts'
import { tokenRoutes } from './routes/tokens.ts'
import { refuseUnreadable } from './unreadable.ts'
import { refuseInfinite, VALIDATION } from './validation.ts'

const BODY_LIMIT = 64 * 1024

export function buildServer(context: ServerContext): FastifyInstance {
  const { hosts, log, streaming } = context
  const { create, connections } = boundedServer()
  const answered = openAnsweredBefore(context)
  const server = Fastify({
    // A HEAD would run the GET's handler, and two of those change state.
    exposeHeadRoutes: false,
    serverFactory: (handler) => create(answered.or(handler)),
    bodyLimit: BODY_LIMIT,
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true },
    ...VALIDATION,
    clientErrorHandler: refuseUnreadable,
    frameworkErrors: (error, request, reply) => answerError(error, request, reply),
  })

  // Clients that always say JSON, also where they send nothing, mean no body.
  const parseJson = server.getDefaultJsonParser('error', 'error')
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined)
    else void parseJson(request, String(body), done)
  })

  function answerError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const error = toBerthError(thrown)
    if (error.code === 'internal') {
      log.error('a request failed', { route: routeOf(request), reason: reasonOf(thrown), stack: stackOf(thrown) })
    }
    if (STATUS[error.code] === 503) reply.header('retry-after', RETRY_AFTER)
    if (error.code === 'unauthorized') reply.header('www-authenticate', 'Bearer realm="berth"')
    if (pathOf(request).startsWith('/v1/')) {
      const problem = problemDetails(error)
      reply.code(problem.status).type('application/problem+json').send(problem)
    } else {
      reply.code(STATUS[error.code]).send({ error: error.message })
    }
  }

  server.setErrorHandler((error, request, reply) => answerError(error, request, reply))
  // For what only a handler finds missing; a path without a route is refused below, before its body is read.
  server.setNotFoundHandler(() => {
    throw nothingHere()
  })
  // None of these hooks is async unless it waits for something: each promise costs every request.
  const foreign = refuseForeign(hosts)
  const headers = { ...SECURITY_HEADERS, 'cache-control': 'no-store' }
  server.addHook('onRequest', (request, reply, done) => {
    // First, so that refusals have them, too.
    reply.headers(headers)
    refuseAmbiguous(request.raw)
    foreign(request.headers)
    done()
  })
  admit(server, context)
  // A hook has its place among those of the plugins when it is added after them.
  server.after(() =>
    server.addHook('onRequest', (request, reply, done) => {
      if (request.is404) refuseMissing(request, reply)
      done()
    }),
  )
  server.addHook('preHandler', (request, _reply, done) => {
    refuseInfinite(request.query)
    connections.working(request.raw)
    done()
  })
  // Whoever asks and does not take the answer has it kept for them no longer than that.
  server.addHook('onSend', (_request, reply, payload, done) => {
    cutOffAfter(reply.raw, streaming.patience)
    done(null, payload)
  })

  /** Before a body is read: what it says does not matter here. */
  function refuseMissing(request: FastifyRequest, reply: FastifyReply): never {
    const allowed = methodsAt(pathOf(request).replace(/(?<=.)\/$/, ''))
    if (allowed.length === 0) throw nothingHere()
    reply.header('allow', allowed.join(', '))
    const message = `${request.method} is not possible here; allowed: ${allowed.join(', ')}`
    throw new BerthError('method_not_allowed', message)
  }
  // The route only, never the URL: a query string may hold a password, and so may a path that was to be a query string.
  server.addHook('onResponse', (request, reply, done) => {
    const ms = Math.round(reply.elapsedTime)
    log.info(`${request.method} ${routeOf(request)}`, { status: reply.statusCode, ms })
    done()
  })

  const known: { method: string; pattern: RegExp }[] = []
  server.addHook('onRoute', ({ url, method }) => {
    const steps = url
      .split('/')
      .map((step) => (step.startsWith(':') ? '[^/]+' : step === '*' ? '.+' : RegExp.escape(step)))
    const pattern = new RegExp(`^${steps.join('/')}$`)
    known.push(...[method].flat().map((name) => ({ method: name, pattern })))
  })
  function methodsAt(path: string): string[] {
    return [...new Set(known.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method))]
  }

  describeApi(server)
  // A plugin, so that they are registered when the document is there to take note of them.
  void server.register(async (routes) => {
    openapiRoute(routes)
    const listing = { ...context, answered }
    compatRoutes(routes, listing)
    poolRoutes(routes, context)
    containerRoutes(routes, listing)
    const waiting = { ...context, feed: openFeed(context.store), places: openPlaces() }
    reservationRoutes(routes, waiting)
    eventRoutes(routes, waiting)
    usageRoutes(routes, context)
    tokenRoutes(routes, context)
    opsRoutes(routes, context)
  })
  return server
}

function nothingHere(): BerthError {
  return new BerthError('not_found', 'there is nothing at this path')
}

function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? '(no route)'
}

function pathOf(request: FastifyRequest): string {
  return (request.raw.url ?? '').replace(/[?#].*$/s, '').slice(0, 200)
}

function stackOf(thrown: unknown): string | undefined {
  return thrown instanceof Error ? thrown.stack : undefined
}
