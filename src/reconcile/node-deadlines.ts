/** Since when the engine has not reached its nodes: after a deadline, the containers of a node count as gone. */
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'

/** A node that restarts is back in this time, with its containers; tenants of a lost one get another container then. */
export const NODE_LOST_AFTER_MS = 60_000

interface UnreachableNodes {
  /** Those whose deadline has not passed. */
  readonly unreachable: ReadonlySet<string>
  /** Those whose deadline has passed: their containers count as gone. */
  readonly lostNodes: ReadonlySet<string>
}

export class NodeDeadlines {
  readonly #clock: Clock
  readonly #log: Log
  /** Time of the first listing without the node, epoch milliseconds. */
  readonly #since = new Map<string, number>()

  constructor({ clock, log }: { readonly clock: Clock; readonly log: Log }) {
    this.#clock = clock
    this.#log = log
  }

  /** Records a listing. Divides its unreachable nodes into those that may come back in time, and lost ones. */
  record(unreachable: readonly string[]): UnreachableNodes {
    const now = this.#clock()
    for (const node of this.#since.keys()) {
      if (unreachable.includes(node)) continue
      this.#since.delete(node)
      this.#log.info(`the node ${node} can be reached again`)
    }
    const lostNodes = new Set(unreachable.filter((node) => now - this.#sinceOf(node, now) >= NODE_LOST_AFTER_MS))
    return { unreachable: new Set(unreachable).difference(lostNodes), lostNodes }
  }

  #sinceOf(node: string, now: number): number {
    const before = this.#since.get(node)
    if (before === undefined) {
      const advice = `its containers are replaced if it is not back in ${NODE_LOST_AFTER_MS / 1_000} s`
      this.#log.warn(`the node ${node} cannot be reached: ${advice}`)
    }
    // A clock that was set back starts the time again.
    const since = Math.min(before ?? now, now)
    this.#since.set(node, since)
    return since
  }
}
