/** The machines of an engine in memory: which of them can be reached, and which take no new containers. */
import { BerthError } from '../../domain/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { EngineNode } from '../../ports/engine-node.ts'

export class MemoryNodes {
  readonly #names: readonly string[]
  readonly #now: Clock
  /** Since when each unreachable node cannot be reached, epoch milliseconds. */
  readonly #unreachableSince = new Map<string, number>()
  readonly #cordoned = new Set<string>()

  constructor(names: readonly string[], now: Clock) {
    this.#names = names
    this.#now = now
  }

  /** Returns whether a node can be reached. null is the only machine, which has no name. */
  reaches(node: string | null): boolean {
    return node === null || !this.#unreachableSince.has(node)
  }

  unreachable(): string[] {
    return [...this.#unreachableSince.keys()]
  }

  lose(node: string): void {
    this.#unreachableSince.set(node, this.#now())
  }

  regain(node: string): void {
    this.#unreachableSince.delete(node)
  }

  setCordoned(node: string, isCordoned: boolean): void {
    if (isCordoned) this.#cordoned.add(node)
    else this.#cordoned.delete(node)
  }

  /** Returns the node for a new container when there are `count` others; null: the only machine. */
  place(count: number): string | null {
    if (this.#names.length === 0) return null
    const open = this.#names.filter((name) => this.reaches(name) && !this.#cordoned.has(name))
    const node = open[count % open.length]
    if (node === undefined) throw new BerthError('engine_unavailable', 'no node can be reached and takes containers')
    return node
  }

  describe(): EngineNode[] | null {
    if (this.#names.length === 0) return null
    return this.#names.map((name) => ({
      name,
      isReachable: this.reaches(name),
      unreachableSince: this.#unreachableSince.get(name) ?? null,
      isCordoned: this.#cordoned.has(name),
      labels: {},
      room: null,
    }))
  }
}
