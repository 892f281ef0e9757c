/** What is asked about one container. For a container on a node that cannot be reached: `engine_unavailable`. */
import { BerthError } from '../../domain/errors.ts'
import type { Observed, SshAddress } from '../../ports/engine.ts'
import type { Nodes } from './nodes/nodes.ts'
import { describeEnd } from './pods/describe-end.ts'
import { CONTAINER, SSH_PORT } from './pods/manifest.ts'
import { isGone, observe } from './pods/observed.ts'
import type { Pods } from './pods/pods.ts'
import type { Pod } from './pods/types.ts'

export class Facts {
  readonly #pods: Pods
  readonly #nodes: Nodes
  readonly #instance: string

  constructor(pods: Pods, nodes: Nodes, instance: string) {
    this.#pods = pods
    this.#nodes = nodes
    this.#instance = instance
  }

  async version(): Promise<string> {
    const call = { what: 'version', deadlineMs: this.#pods.deadlines.version }
    const answer = await this.#pods.client.get<{ gitVersion?: string }>('/version', call)
    return `kubernetes ${answer?.gitVersion?.replace(/^v/, '') ?? 'of an unknown version'}`
  }

  async inspect(id: string): Promise<Observed | null> {
    const pod = await this.#reachable(id)
    return pod && observe(pod, this.#instance)
  }

  /** Returns the address of the pod. Another pod may get it when this one is gone. */
  async sshAddress(id: string): Promise<SshAddress | null> {
    const pod = await this.#reachable(id)
    const host = pod?.status.podIP
    if (!host || observe(pod, this.#instance)?.state !== 'running') return null
    return { host, port: SSH_PORT }
  }

  async imageOf(id: string): Promise<string | null> {
    const pod = await this.#reachable(id)
    return pod?.spec.containers.find(({ name }) => name === CONTAINER)?.image ?? null
  }

  async whyDown(id: string): Promise<string | null> {
    const pod = await this.#reachable(id)
    return pod && observe(pod, this.#instance)?.state === 'dead' ? describeEnd(pod) : null
  }

  async #reachable(id: string): Promise<Pod | null> {
    const pod = await this.#pods.find(id)
    if (pod?.spec.nodeName === undefined || isGone(pod)) return pod
    const { unreachable } = await this.#nodes.recent()
    if (!unreachable.includes(pod.spec.nodeName)) return pod
    throw new BerthError('engine_unavailable', `the node ${pod.spec.nodeName} cannot be reached`)
  }
}
