/** Tickets with which a viewer opens the WebSocket of a terminal, once and at any manager. */
import type { Credential, Identity } from '../identity.ts'

export interface Ticket {
  /** SHA-256 of its text, hex. */
  readonly hash: string
  /** Id of the terminal. */
  readonly terminal: string
  /** Caller to whom it was issued. */
  readonly by: Identity
  readonly credential: Credential
  /** Epoch milliseconds. */
  readonly until: number
}
