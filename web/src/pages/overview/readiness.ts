import { problemOf } from '../../../../src/client/client.ts'
import type { ReadinessProblem } from '../../api/types.ts'

interface Answer {
  readonly data?: { readonly problems?: readonly ReadinessProblem[] }
  readonly error?: unknown
  readonly response: Response
}

/**
 * Returns the problems in an answer of /readyz with status 200 or 503. Throws if the answer is not from a manager, for
 * example if it is an error page of a proxy.
 */
export async function readinessProblems(call: Promise<Answer>): Promise<readonly ReadinessProblem[]> {
  const { data, error, response } = await call.catch((reason: unknown): never => {
    // The body was not JSON.
    throw reason instanceof SyntaxError ? new Error('the answer of /readyz is not from a manager') : reason
  })
  const body = data ?? error
  if (!isReadiness(body)) throw problemOf(body, response)
  return body.problems ?? []
}

function isReadiness(body: unknown): body is { readonly problems?: readonly ReadinessProblem[] } {
  if (typeof body !== 'object' || body === null || !('status' in body)) return false
  return body.status === 'ready' || body.status === 'not ready'
}
