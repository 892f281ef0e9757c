/** Who may open the WebSocket of a terminal: the holder of a ticket, on a page of the manager or in a program. */
import type { IncomingHttpHeaders } from 'node:http'
import { BerthError } from '../../domain/errors.ts'

/** Subprotocol of the WebSocket. */
export const PROTOCOL = 'berth.v1'

/**
 * Throws `forbidden` for a request that has no Origin and that a page could have sent: browsers always send the Origin
 * of a page, and no page can set Authorization. The origin check of all requests has already compared the Origin.
 */
export function assertOrigin({ origin, authorization, cookie }: IncomingHttpHeaders): void {
  if (origin !== undefined || (authorization !== undefined && cookie === undefined)) return
  const why = 'a WebSocket needs the Origin of the page that opens it'
  throw new BerthError('forbidden', `${why}; programs send "Authorization: Bearer TOKEN" and no cookie instead`)
}

/** Returns the ticket among the protocols that a client offers. `unauthorized`. */
export function ticketIn(protocols: string | undefined): string {
  const offered = (protocols ?? '').split(',').map((each) => each.trim())
  const ticket = offered.find((each) => each.startsWith('ticket.'))?.slice('ticket.'.length)
  if (ticket !== undefined && offered.includes(PROTOCOL)) return ticket
  throw new BerthError('unauthorized', `send "Sec-WebSocket-Protocol: ${PROTOCOL}, ticket.TICKET"`)
}
