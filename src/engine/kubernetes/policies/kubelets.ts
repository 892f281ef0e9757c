/** Addresses of kubelets, which no container with limited reach may connect to. */
import type { KubernetesClient } from '../api/client.ts'
import { isReady } from '../nodes/describe.ts'
import type { Node } from '../nodes/types.ts'
import type { Endpoint } from './probe.ts'

const KUBELET_PORT = 10_250
/** A list of the nodes is used for this long, so that not every start of a container needs one. */
const RECENT_MS = 30_000

export class Kubelets {
  readonly #client: KubernetesClient
  readonly #deadlineMs: number
  #latest: { readonly nodes: readonly Node[]; readonly at: number } | null = null

  constructor(client: KubernetesClient, deadlineMs: number) {
    this.#client = client
    this.#deadlineMs = deadlineMs
  }

  /** Returns the kubelet of another node; an empty list if no other node is ready. */
  async besides(nodeName: string | undefined): Promise<Endpoint[]> {
    const others = (await this.#nodes()).filter((node) => node.metadata.name !== nodeName && isReady(node))
    const what = 'kubelet of another node'
    const endpoints = others
      .flatMap((node) => addressOf(node) ?? [])
      .map((address) => ({ address, port: KUBELET_PORT, what }))
    return endpoints.slice(0, 1)
  }

  async #nodes(): Promise<readonly Node[]> {
    const at = performance.now()
    if (this.#latest !== null && at - this.#latest.at < RECENT_MS) return this.#latest.nodes
    const call = { what: 'list the nodes', deadlineMs: this.#deadlineMs }
    const nodes = await this.#client.list<Node>('/api/v1/nodes', {}, call)
    this.#latest = { nodes, at }
    return nodes
  }
}

function addressOf({ status }: Node): string | undefined {
  return status.addresses?.find(({ type }) => type === 'InternalIP')?.address
}
