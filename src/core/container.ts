/** A named place in a pool, and what runs there now. */

/** creating -> ready -> reserved -> removing -> creating (next generation); creating|ready -> broken -> removing */
export type ContainerState = 'creating' | 'ready' | 'reserved' | 'removing' | 'broken'

/** Everything an engine needs to make one generation of a container. */
export interface ContainerSpec {
  readonly instance: string
  readonly pool: string
  readonly name: string
  /** null: made by `just provision`, for a manager to adopt. */
  readonly generation: number | null
  readonly image: string
  /** Host address and port on which its sshd is published. */
  readonly bind: string
  readonly port: number
  /** Bytes. */
  readonly memory: number
  /** Cores, fractions allowed. */
  readonly cpus: number
  readonly pids: number
  /** Whether accounts may become root inside. */
  readonly sudo: boolean
}
