/** Tickets with which a viewer opens the WebSocket of a terminal, at any manager and once. */
import type { Credential, Identity } from '../identity.ts'

export interface Ticket {
  /** SHA-256 of its text, hex. */
  readonly hash: string
  /** Id of the terminal. */
  readonly terminal: string
  /** Caller that it was issued to. */
  readonly by: Identity
  readonly credential: Credential
  /** Epoch milliseconds. */
  readonly until: number
}
