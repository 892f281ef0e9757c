/** Tickets with which a viewer opens the WebSocket of a terminal: a browser cannot send a token with it. */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../../ports/clock.ts'
import { BerthError } from '../../domain/errors.ts'
import type { Identity } from '../../domain/identity.ts'

/** Maximum time between the issue of a ticket and its use. */
const TICKET_LIFE_MS = 10_000
/** Maximum number of unused tickets, which bounds the memory of requests that are never followed up. */
const MAX_UNUSED = 10_000

/** A caller, and whether the request that authenticated them would still be accepted. */
export interface TicketHolder {
  readonly by: Identity
  isStillAllowed(): Promise<boolean>
}

interface Issued {
  readonly terminal: string
  readonly holder: TicketHolder
  readonly until: number
}

export class Tickets {
  readonly #clock: Clock
  /** Oldest first. */
  readonly #issued = new Map<string, Issued>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  issue(terminal: string, holder: TicketHolder): string {
    const now = this.#clock()
    for (const [ticket, { until }] of this.#issued) {
      if (until > now && this.#issued.size < MAX_UNUSED) break
      this.#issued.delete(ticket)
    }
    const ticket = randomBytes(32).toString('base64url')
    this.#issued.set(ticket, { terminal, holder, until: now + TICKET_LIFE_MS })
    return ticket
  }

  /** Uses up the ticket, and returns its holder. `unauthorized` if it is unknown, expired or of another terminal. */
  async redeem(ticket: string, terminal: string): Promise<TicketHolder> {
    const issued = this.#issued.get(ticket)
    this.#issued.delete(ticket)
    if (!issued || issued.until <= this.#clock() || issued.terminal !== terminal) {
      const seconds = TICKET_LIFE_MS / 1_000
      const why = `the ticket is unknown, used, older than ${seconds} s or of another terminal`
      throw new BerthError('unauthorized', `${why}; request a new one with POST /v1/terminals/ID/tickets`)
    }
    if (!(await issued.holder.isStillAllowed()))
      throw new BerthError('unauthorized', 'the token or session that the ticket was issued to is no longer valid')
    return issued.holder
  }
}
