/** Tickets with which a viewer opens the WebSocket of a terminal: a browser cannot send a token with it. */
import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '../../ports/clock.ts'
import { BerthError } from '../../domain/errors.ts'
import type { Credential, Identity } from '../../domain/identity.ts'
import type { Store } from '../../ports/store.ts'

/** Maximum time between the issue of a ticket and its use. */
const TICKET_LIFE_MS = 10_000

/** A caller, and how the caller was authenticated. */
export interface AuthenticatedCaller {
  readonly by: Identity
  readonly credential: Credential
}

/** A caller who views a terminal, and whether the caller's token or session is still accepted. */
export interface TicketHolder {
  readonly by: Identity
  isStillAllowed(): Promise<boolean>
}

interface TicketsDeps {
  readonly store: Pick<Store, 'addTicket' | 'takeTicket'>
  readonly clock: Clock
}

/** Issues and redeems tickets. They are kept in the store, because the WebSocket may be opened at another manager. */
export class Tickets {
  readonly #deps: TicketsDeps

  constructor(deps: TicketsDeps) {
    this.#deps = deps
  }

  async issue(terminal: string, { by, credential }: AuthenticatedCaller): Promise<string> {
    const { store, clock } = this.#deps
    const now = clock()
    const ticket = randomBytes(32).toString('base64url')
    const { name, role, limits } = by
    const row = { hash: hashOf(ticket), terminal, by: { name, role, limits }, credential, until: now + TICKET_LIFE_MS }
    await store.addTicket(row, now)
    return ticket
  }

  /** Uses up the ticket, and returns its caller. `unauthorized` if it is unknown, expired or of another terminal. */
  async redeem(ticket: string, terminal: string): Promise<AuthenticatedCaller> {
    const { store, clock } = this.#deps
    const issued = await store.takeTicket(hashOf(ticket))
    if (issued && issued.until > clock() && issued.terminal === terminal) return issued
    const seconds = TICKET_LIFE_MS / 1_000
    const why = `the ticket is unknown, used, older than ${seconds} s or of another terminal`
    throw new BerthError('unauthorized', `${why}; request a new one with POST /v1/terminals/ID/tickets`)
  }
}

function hashOf(ticket: string): string {
  return createHash('sha256').update(ticket).digest('hex')
}
