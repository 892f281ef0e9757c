/** Whether a request comes in: who sends it, and whether they send too many. */
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { BerthError, hasCode } from '../../core/errors.ts'
import type { ServerContext } from '../context.ts'
import { addressOf, callerKey } from './caller-key.ts'
import type { Caller } from './identity.ts'
import { createSlowing, TRY_AGAIN_AFTER } from './slowing.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Nobody is asked who they are. */
    open?: boolean
  }
}

const MINUTE = 60_000

/** Route options: for everybody. */
export const OPEN = { config: { open: true } }
/** For everybody, as often as they like: whoever probes must not be sent away because of a neighbour. */
export const PROBE = { config: { open: true, rateLimit: false } } as const

/** What each request passes, in the order of registration. To be called before the routes are registered. */
export function admit(server: FastifyInstance, context: ServerContext): void {
  const { authenticate, log } = context
  const slowing = createSlowing(context)
  server.decorateRequest('caller', null)
  void server.register(rateLimit, { global: false })
  server.after(() => {
    const tooMany = perMinute(server, context.rateLimit)
    server.addHook('onRequest', (request, reply, done) => {
      const { open = false, rateLimit: limited } = request.routeOptions.config
      const counts = limited !== false && tooMany !== null
      const caller = open || request.is404 ? null : authenticate(request.headers.authorization)
      if (!(caller instanceof Promise)) {
        request.caller = caller
        // Nobody is waited for: most requests where nobody is asked, and probes.
        if (!counts) return done()
      }
      // fastify goes on when a promise that it is given is fulfilled, or else when it is called back.
      return admitted(request, reply, caller, counts ? tooMany : null)
    })
  })

  async function admitted(
    request: FastifyRequest,
    reply: FastifyReply,
    caller: Caller | null | Promise<Caller>,
    tooMany: ReturnType<typeof perMinute>,
  ): Promise<void> {
    const refusal = caller instanceof Promise ? await identify(caller, request) : null
    await tooMany?.(request, reply)
    if (!refusal) return
    const { error } = refusal
    if (hasCode(error, 'unauthorized') && request.headers.authorization !== undefined) {
      log.info('a token was refused', { address: request.ip, reason: error.message })
      await slow(request, reply)
    }
    throw error
  }

  async function slow(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const over = slowing.failed(addressOf(request))
    if (!over) throw sentAway(reply, TRY_AGAIN_AFTER, 'too many requests with tokens that are not good')
    await over
  }
}

/** Notes who sends it; gives why that is not known. */
async function identify(caller: Promise<Caller>, request: FastifyRequest): Promise<{ error: unknown } | null> {
  try {
    request.caller = await caller
    return null
  } catch (error) {
    return { error }
  }
}

/** Counts after it is known who it is; null when any number may be sent. */
function perMinute(server: FastifyInstance, max: number) {
  if (max === 0) return null
  const count = server.createRateLimit({ max, timeWindow: MINUTE, keyGenerator: callerKey })
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const counted = await count(request)
    if (counted.isAllowed || !counted.isExceeded) return
    const who = request.caller ? 'you may send' : 'without a good token, your address may send'
    throw sentAway(reply, counted.ttlInSeconds, `too many requests; ${who} ${max} a minute`)
  }
}

function sentAway(reply: FastifyReply, seconds: number, message: string): BerthError {
  reply.header('retry-after', seconds)
  return new BerthError('rate_limited', `${message}; try again in ${seconds} s`)
}
