import type { Duplex } from 'node:stream'

/** What an engine offers to the manager's side of the guest agents and relays. */
export interface GuestHost {
  /** Returns how messages name a container. */
  nameOf(id: string): string
  /** Runs a request that ends at its deadline, and with the engine. `what` names it in errors. */
  run<T>(what: string, deadlineMs: number, request: (signal: AbortSignal) => Promise<T>): Promise<T>
  /**
   * Connects to the container's main process: writing is its stdin, reading returns its stdout. `guest_failed` when it
   * is not running.
   */
  attach(id: string, signal: AbortSignal): Promise<Duplex>
  isRunning(id: string, signal: AbortSignal): Promise<boolean>
  /** Returns the version of the agent's protocol in the container's image; "" if it has none. */
  agentVersion(id: string, signal: AbortSignal): Promise<string>
}
