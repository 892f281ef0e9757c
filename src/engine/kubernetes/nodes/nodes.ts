/** The machines of the cluster, and which of them cannot be reached. */
import type { KubernetesClient } from '../api/client.ts'
import type { EngineNode } from '../../../ports/engine-node.ts'
import { describeNode, isReady } from './describe.ts'
import type { Node } from './types.ts'

export interface NodeStates {
  readonly all: ReadonlySet<string>
  /** Those whose kubelet does not report, or reports that it cannot run pods. */
  readonly unreachable: readonly string[]
}

/** Verbs for one container use a list of the nodes that is at most this old. */
const RECENT_MS = 3_000

export class Nodes {
  readonly #client: KubernetesClient
  readonly #deadlineMs: number
  #latest: { readonly states: NodeStates; readonly at: number } | null = null

  constructor(client: KubernetesClient, deadlineMs: number) {
    this.#client = client
    this.#deadlineMs = deadlineMs
  }

  async read(): Promise<NodeStates> {
    const at = performance.now()
    const states = statesOf(await this.#list())
    this.#latest = { states, at }
    return states
  }

  async recent(): Promise<NodeStates> {
    const latest = this.#latest
    return latest !== null && performance.now() - latest.at < RECENT_MS ? latest.states : this.read()
  }

  async describe(): Promise<EngineNode[]> {
    const nodes = (await this.#list()).map(describeNode)
    return nodes.toSorted((one, other) => (one.name < other.name ? -1 : 1))
  }

  #list(): Promise<Node[]> {
    return this.#client.list<Node>('/api/v1/nodes', {}, { what: 'list the nodes', deadlineMs: this.#deadlineMs })
  }
}

function statesOf(nodes: readonly Node[]): NodeStates {
  const names = (some: readonly Node[]) => some.map(({ metadata }) => metadata.name)
  return { all: new Set(names(nodes)), unreachable: names(nodes.filter((node) => !isReady(node))) }
}
