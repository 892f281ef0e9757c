/** X-Request-Id: names one request in its answer, in problems and in the log. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Returns the id that the client or a proxy has sent, or a new one if that is not 1 to 64 visible ASCII characters. */
export function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const sent = headers['x-request-id']
  return typeof sent === 'string' && /^[\x21-\x7e]{1,64}$/.test(sent) ? sent : randomUUID()
}
