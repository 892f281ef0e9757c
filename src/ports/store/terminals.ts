/** The part of the store that keeps terminals: shells in reserved containers. */
import type { Terminal } from '../../domain/terminal/terminal.ts'
import type { Ticket } from '../../domain/terminal/ticket.ts'

/** Which manager is connected to a shell: this store's or another one. `none`: the terminal was removed. */
type TerminalManager = 'own' | 'other' | 'none'

export interface TerminalStore {
  /** Returns null if there is no such terminal. */
  terminal(id: string): Promise<Terminal | null>
  /** Returns the terminals in reservations of this owner, oldest first, including those of ended reservations. */
  terminals(owner: string): Promise<Terminal[]>
  /** Returns the terminals of all owners. */
  allTerminals(): Promise<Terminal[]>
  /** Adds a terminal to whose shell this manager is connected. */
  addTerminal(terminal: Terminal, by: string, now: number): Promise<void>
  /** Records that this manager connects to the shell now. Returns false if there is no such terminal. */
  takeTerminal(id: string): Promise<boolean>
  /** Returns which manager is connected to the shell, or was connected last. */
  terminalManager(id: string): Promise<TerminalManager>
  /** Records that these terminals have viewers at `now`. */
  markViewed(ids: readonly string[], now: number): Promise<void>
  /** Removes the terminal, if there is one. `detail` is the reason. Without `by`, the manager removed it. */
  removeTerminal(id: string, why: { readonly detail: string; readonly by?: string }, now: number): Promise<void>
  /** Adds a ticket, and removes those that have expired. */
  addTicket(ticket: Ticket, now: number): Promise<void>
  /** Removes the ticket with this hash and returns it; null if there is none. Only one caller receives it. */
  takeTicket(hash: string): Promise<Ticket | null>
}
