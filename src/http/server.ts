/**
 * The HTTP API: fastify with Berth's routes and error bodies, and no endpoint that a web page of another site could
 * abuse.
 */
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { admit } from './auth/admission.ts'
import { refuseAmbiguous } from './auth/ambiguous-requests.ts'
import { createOriginCheck } from './auth/origin-check.ts'
import { createIsStillAllowed } from './auth/still-allowed.ts'
import { boundedServer, closeRefusedUpgrades, closeWhenIdle, type Connections } from './connections.ts'
import type { ServerContext } from './context.ts'
import { describeApi, openapiRoute } from './docs/openapi.ts'
import { answerError } from './errors/answer-error.ts'
import { answerClientError } from './errors/client-error.ts'
import { refuseMissing } from './errors/missing-route.ts'
import { collectViolations } from './errors/violations.ts'
import { MAX_BODY_BYTES } from './errors/fastify-refusals.ts'
import { VALIDATION } from './errors/validation.ts'
import { recordAnswers } from './request-log.ts'
import { requestIdOf } from './request-id.ts'
import { ROUTES } from './routes.ts'
import { countPools } from './pools/views.ts'
import { CountsFeed } from './streaming/counts-feed.ts'
import { EventFeed } from './streaming/event-feed.ts'
import { openStreamLimit } from './streaming/stream-limit.ts'

/**
 * Headers of every answer. Answers are data: nothing in them may load, run, be framed or be submitted. The pages of
 * /docs set their own policy. The values are those of helmet 8, which builds them for each request: 20 µs and more,
 * where a whole answer takes about 50. HSTS is left to the proxy that adds TLS: Berth serves plain HTTP.
 */
const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
  'x-download-options': 'noopen',
  'x-frame-options': 'DENY',
  'x-permitted-cross-domain-policies': 'none',
  'x-xss-protection': '0',
  'cache-control': 'no-store',
}

export function buildServer(context: ServerContext): FastifyInstance {
  const { log, trustProxy } = context
  const { create, connections } = boundedServer()
  const server = Fastify({
    genReqId: requestIdOf,
    trustProxy: trustProxy.length > 0 && [...trustProxy],
    requestIdHeader: false,
    serverFactory: create,
    bodyLimit: MAX_BODY_BYTES,
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true },
    ...VALIDATION,
    clientErrorHandler: answerClientError,
    // The hook that adds the headers has not run.
    frameworkErrors: (error, request, reply) =>
      void answerError(error, request, withStandardHeaders(request, reply), log),
  })
  server.setErrorHandler((error, request, reply) => answerError(error, request, reply, log))
  // Without it, fastify would accept text bodies; now they are refused like any other type.
  server.removeContentTypeParser('text/plain')
  acceptEmptyJson(server)
  addHooks(server, context, connections)
  describeApi(server, context.version)
  // A plugin, so that the routes are registered once the OpenAPI document collects them.
  void server.register(async (routes) => {
    openapiRoute(routes)
    const counts = new CountsFeed(context.store, async () => JSON.stringify(await countPools(context)))
    const shared = {
      ...context,
      feed: new EventFeed(context.store),
      counts,
      streamLimit: openStreamLimit(),
      isStillAllowed: createIsStillAllowed(context.authenticate),
    }
    for (const register of ROUTES) register(routes, shared)
  })
  return server
}

/** Treats an empty body as no body: some clients always send the JSON content type. */
function acceptEmptyJson(server: FastifyInstance): void {
  const parseJson = server.getDefaultJsonParser('error', 'error')
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined)
    else void parseJson(request, String(body), done)
  })
}

/** The hooks of all requests. They are async only where they wait for something: each promise costs every request. */
function addHooks(server: FastifyInstance, context: ServerContext, connections: Connections): void {
  const { streaming, drain } = context
  const refuseForeign = createOriginCheck(context.settings)
  server.addHook('onRequest', (request, reply, done) => {
    // First, so that refusals have them, too.
    withStandardHeaders(request, reply)
    refuseAmbiguous(request.raw)
    refuseForeign(request.raw)
    done()
  })
  admit(server, context)
  refuseMissing(server)
  collectViolations(server)
  server.addHook('preHandler', (request, _reply, done) => {
    connections.working(request.raw)
    done()
  })
  // Bounds how long an answer is kept for a client that does not read it.
  server.addHook('onSend', (_request, reply, payload, done) => {
    // Otherwise the client would send its next request to a manager that is about to stop.
    if (drain.hasBegun) reply.header('connection', 'close')
    closeWhenIdle(reply.raw, streaming.idleTimeoutMs)
    done(null, payload)
  })
  drain.register(server, () => connections.allAnswered())
  recordAnswers(server, context)
  closeRefusedUpgrades(server)
}

function withStandardHeaders(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return reply.headers(HEADERS).header('x-request-id', request.id)
}
