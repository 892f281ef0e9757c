/** Admits requests: authenticates the caller and applies the rate limit. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { hasCode } from '../../domain/errors.ts'
import type { Log } from '../../ports/log.ts'
import type { ServerContext } from '../context.ts'
import { perMinute } from './rate-limit.ts'
import type { Caller } from './identity.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** No authentication. */
    open?: boolean
    /** The cookie of a session does not authenticate: the route changes something with GET. */
    ignoresCookies?: boolean
  }
}

/** Route options: no authentication. */
export const OPEN = { config: { open: true } }
/**
 * Route options: neither authentication nor rate limit. Otherwise other clients at its address could make a probe fail.
 */
export const PROBE = { config: { open: true, rateLimit: false, frequent: true } } as const

/** Registers the hooks that every request passes. To be called before the routes are registered. */
export function admit(server: FastifyInstance, context: ServerContext): void {
  const { authenticate, log } = context
  server.decorateRequest('caller', null)
  const countRequest = perMinute(context.requestCounts, () => context.settings().rateLimit)
  server.addHook('onRequest', (request, reply, done) => {
    const { open = false, rateLimit: limited } = request.routeOptions.config
    const counts = limited !== false && context.settings().rateLimit > 0
    const caller = open || request.is404 ? null : authenticate(request)
    if (!(caller instanceof Promise)) {
      request.caller = caller
      // Nothing to wait for: with `auth: none`, and for probes.
      if (!counts) return done()
    }
    // Given a promise, fastify continues when it is fulfilled; without one, when `done` is called.
    return admitted(request, reply, caller, counts ? countRequest : null)
  })

  async function admitted(
    request: FastifyRequest,
    reply: FastifyReply,
    caller: Caller | null | Promise<Caller>,
    count: ReturnType<typeof perMinute> | null,
  ): Promise<void> {
    const refusal = caller instanceof Promise ? await identify(caller, request) : null
    count?.(request, reply)
    if (!refusal) return
    const { error } = refusal
    if (request.headers.authorization !== undefined) logRefusal(log, request, error)
    throw error
  }
}

/** Logs that a token was refused, so that guessing is noticed. Never logs the token. */
export function logRefusal(log: Pick<Log, 'info'>, { id, ip }: FastifyRequest, error: unknown): void {
  if (!hasCode(error, 'unauthorized')) return
  log.info(`a token was refused, sent from ${ip}`, { address: ip, request_id: id, reason: error.message })
}

/** Sets the caller. Returns the error if authentication fails, or null. */
async function identify(caller: Promise<Caller>, request: FastifyRequest): Promise<{ error: unknown } | null> {
  try {
    request.caller = await caller
    return null
  } catch (error) {
    return { error }
  }
}
