/** Answers what a handler or a hook threw. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { reasonOf } from '../../domain/errors.ts'
import type { Log } from '../../ports/log.ts'
import { problemDetails, RETRY_AFTER_S, STATUS, toBerthError } from './problems.ts'

const MAX_PATH_LENGTH = 200

/** Problem details below /v1, `{"error": "…"}` elsewhere. Unexpected errors are logged with their stack. */
export function answerError(thrown: unknown, request: FastifyRequest, reply: FastifyReply, log: Log): void {
  const error = toBerthError(thrown)
  if (error.code === 'internal') {
    const stack = thrown instanceof Error ? thrown.stack : undefined
    log.error(`a request failed, ${request.method} ${routeOf(request)}`, {
      route: routeOf(request),
      reason: reasonOf(thrown),
      stack,
    })
  }
  if (STATUS[error.code] === 503) reply.header('retry-after', RETRY_AFTER_S)
  if (error.code === 'unauthorized') reply.header('www-authenticate', 'Bearer realm="berth"')
  if (pathOf(request).startsWith('/v1/')) {
    const problem = problemDetails(error)
    reply.code(problem.status).type('application/problem+json').send(problem)
  } else {
    reply.code(STATUS[error.code]).send({ error: error.message })
  }
}

/** Returns the pattern of the route, never the URL: a query string or a mistyped path may hold a password. */
export function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? '(no route)'
}

export function pathOf(request: FastifyRequest): string {
  return (request.raw.url ?? '').replace(/[?#].*$/s, '').slice(0, MAX_PATH_LENGTH)
}
