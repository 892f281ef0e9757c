/** X-Request-Id: identifies a request in the headers of its answer, in problems and in the log. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Returns the id that the client or a proxy sent if it is 1 to 64 visible ASCII characters, else a new one. */
export function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const sent = headers['x-request-id']
  return typeof sent === 'string' && /^[\x21-\x7e]{1,64}$/.test(sent) ? sent : randomUUID()
}
