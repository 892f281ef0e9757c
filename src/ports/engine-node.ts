/** The machines of an engine. */

/** A machine of the engine on which containers run. */
export interface EngineNode {
  readonly name: string
  readonly isReachable: boolean
  /** Epoch milliseconds; null while it can be reached, and where the engine does not know. */
  readonly unreachableSince: number | null
  /** Whether an operator keeps new containers away from it. */
  readonly isCordoned: boolean
  /** By which `nodes` of a pool chooses it. */
  readonly labels: Readonly<Record<string, string>>
  /** What containers may use of it altogether; null where the engine does not know. */
  readonly room: NodeRoom | null
}

export interface NodeRoom {
  /** Cores, fractions allowed. */
  readonly cpus: number
  /** Bytes. */
  readonly memory: number
  /** Maximum number of containers, those of other programs included. */
  readonly containers: number
}
