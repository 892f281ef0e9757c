/** What an engine may have besides `exec` to talk to processes inside containers. Part of the port to the engine. */
export interface AgentRequest {
  /** Program of bash. May hold secrets: no process list shows it. It has nothing on its stdin. */
  readonly program: string
  /**
   * A tenant has access after this program: the agent exits, and `guest_failed` if the container should have one and
   * it does not answer.
   */
  readonly last: boolean
  readonly timeoutMs: number
}

export interface BashResult {
  readonly code: number
  /** stdout and stderr. */
  readonly output: string
}

/**
 * Runs bash in containers that were never lent, through a process that waits inside them: much faster than
 * `Engine.exec`.
 */
export interface GuestAgent {
  /**
   * Returns null if the container's image has no agent that this version understands, or none answers and `last` is
   * false: use `Engine.exec` then. Errors as of `exec`.
   */
  run(id: string, request: AgentRequest): Promise<BashResult | null>
  /**
   * Connects ahead to as many of these free containers as the engine has room for, in the order in which they will be
   * lent, and drops all other connections. Returns at once, and never fails.
   */
  preconnect(ids: readonly string[]): void
}

/**
 * Lines that programs in lent containers send to the manager. Only the connection says which container a line is from.
 * A tenant who is root can send anything: lines that are too long or too many are dropped at a negligible cost.
 */
export interface GuestLines {
  /** Whether the container's image starts a relay, which sends lines; false if there is no such container. */
  hasRelay(id: string): Promise<boolean>
  /**
   * Connects to these lent containers, and drops all other connections. Returns at once, and never fails: later
   * calls retry connections that failed or were lost.
   */
  listen(ids: readonly string[], onLine: (id: string, line: string) => void): void
}
