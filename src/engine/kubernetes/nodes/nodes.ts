/** The machines of the cluster, and which of them cannot be reached. */
import type { KubernetesClient } from '../api/client.ts'
import type { EngineNode } from '../../../ports/engine-node.ts'
import { isReady } from '../api/ready.ts'
import { describeNode } from './describe.ts'
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
  #latest: { readonly nodes: readonly Node[]; readonly at: number } | null = null

  constructor(client: KubernetesClient, deadlineMs: number) {
    this.#client = client
    this.#deadlineMs = deadlineMs
  }

  async read(): Promise<NodeStates> {
    return statesOf(await this.#list())
  }

  async recent(): Promise<NodeStates> {
    return statesOf(await this.listed(RECENT_MS))
  }

  /** Returns all nodes as of a list that is at most this old. */
  async listed(maxAgeMs: number): Promise<readonly Node[]> {
    const latest = this.#latest
    return latest !== null && performance.now() - latest.at < maxAgeMs ? latest.nodes : this.#list()
  }

  async describe(): Promise<EngineNode[]> {
    const nodes = (await this.#list()).map(describeNode)
    return nodes.toSorted((one, other) => (one.name < other.name ? -1 : 1))
  }

  async #list(): Promise<readonly Node[]> {
    const at = performance.now()
    const call = { what: 'list the nodes', deadlineMs: this.#deadlineMs }
    const nodes = await this.#client.list<Node>('/api/v1/nodes', {}, call)
    this.#latest = { nodes, at }
    return nodes
  }
}

function statesOf(nodes: readonly Node[]): NodeStates {
  const names = (some: readonly Node[]) => some.map(({ metadata }) => metadata.name)
  return { all: new Set(names(nodes)), unreachable: names(nodes.filter((node) => !isReady(node))) }
}
