/** Answers what a handler or a hook threw. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { reasonOf } from '../../domain/errors.ts'
import type { Log } from '../../ports/log.ts'
import { PROBLEMS } from './catalogue.ts'
import { withAllViolations } from './violations.ts'
import { problemDetails, RATE_LIMITED_RETRY_S, RETRY_AFTER_S, toBerthError } from './problems.ts'

const MAX_PATH_LENGTH = 200
const HAS_PROBLEM_DETAILS = /^\/(?:v1|ui)\//

/** Sends problem details below /v1 and /ui, `{"error": "…"}` elsewhere. Logs unexpected errors with their stack. */
export async function answerError(
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  log: Log,
): Promise<FastifyReply> {
  const error = await withAllViolations(toBerthError(thrown, request.headers['content-type']), request)
  const { status } = PROBLEMS[error.code]
  if (error.code === 'internal') {
    const stack = thrown instanceof Error ? thrown.stack : undefined
    const route = routeOf(request)
    const fields = { route, request_id: request.id, reason: reasonOf(thrown), stack }
    log.error(`a request failed, ${request.method} ${route}`, fields)
  }
  if (status === 503) reply.header('retry-after', RETRY_AFTER_S)
  if (error.code === 'rate_limited' && !reply.hasHeader('retry-after')) {
    reply.header('retry-after', RATE_LIMITED_RETRY_S)
  }
  if (error.code === 'unauthorized') reply.header('www-authenticate', 'Bearer realm="berth"')
  if (HAS_PROBLEM_DETAILS.test(pathOf(request))) {
    const problem = problemDetails(error, request.id)
    return reply.code(problem.status).type('application/problem+json').send(problem)
  }
  return reply.code(status).send({ error: error.message })
}

/** Stands for the route in logs and metrics if no route matches the request. */
export const NO_ROUTE = '(no route)'

/** Returns the pattern of the route, never the URL: a query string or a mistyped path may hold a password. */
function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? NO_ROUTE
}

export function pathOf(request: FastifyRequest): string {
  return (request.raw.url ?? '').replace(/[?#].*$/s, '').slice(0, MAX_PATH_LENGTH)
}
