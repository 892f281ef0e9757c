/** Records each answer: a log line, and the metrics of requests. */
import type { FastifyInstance } from 'fastify'
import type { ServerContext } from './context.ts'
import { NO_ROUTE } from './errors/answer-error.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Requests are logged at debug: a probe or Prometheus repeats them every few seconds. */
    frequent?: boolean
  }
}

/** Adds the hook. The log contains the pattern of a route and the identity, never a URL, a header or a token. */
export function recordAnswers(
  server: FastifyInstance,
  { log, metrics, requestLevel }: Pick<ServerContext, 'log' | 'metrics' | 'requestLevel'>,
): void {
  server.addHook('onResponse', (request, reply, done) => {
    const { method, caller, id, ip } = request
    const { statusCode: status, elapsedTime } = reply
    // Read once: fastify creates this object at each access.
    const { url: route = NO_ROUTE, config } = request.routeOptions
    metrics.answered({ method, route, status, ms: elapsedTime })
    const level = config.frequent === true ? 'debug' : requestLevel
    const ms = Math.round(elapsedTime * 10) / 10
    const who = caller && { identity: caller.identity.name, role: caller.identity.role }
    log[level](`${method} ${route}`, { method, route, status, ms, ...who, address: ip, request_id: id })
    done()
  })
}
