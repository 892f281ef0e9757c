/** The short wait of a reserve without --wait, for containers that are being made. */
import { answerOf, ApiError, type BerthClient, type Pool, type ReserveRequest } from '../../client/client.ts'

/** Maximum wait. A used container is replaced within two seconds, if no playbook prepares it. */
export const GRACE = '5s'

/** Whether enough containers are ready or being made, and no other request is waiting for them. */
export function isGraceful({ containers, waiting, problem }: Pool, count: number): boolean {
  const coming = ['ready', 'creating', 'removing'].reduce((sum, state) => sum + (containers[state] ?? 0), 0)
  return problem === null && waiting === 0 && coming >= count
}

/** Returns the request with a short wait, if that is likely to help after this error; otherwise null. */
export async function withGrace(
  client: BerthClient,
  body: ReserveRequest,
  error: unknown,
): Promise<ReserveRequest | null> {
  if (!(error instanceof ApiError) || error.code !== 'not_enough' || body.wait !== undefined) return null
  const { pools } = await answerOf(client.GET('/v1/pools'))
  const pool = body.pool === undefined ? pools[0] : pools.find(({ name }) => name === body.pool)
  return pool && isGraceful(pool, body.count ?? 1) ? { ...body, wait: GRACE } : null
}
