/** Kubernetes as an engine: each generation of a container is a pod of its own. */
import type { ContainerSpec, Reach } from '../../domain/container.ts'
import type { DatabaseMark } from '../../domain/database-mark.ts'
import { BerthError } from '../../domain/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Engine, EngineListing, ExecRequest, ExecResult, Observed, Presence } from '../../ports/engine.ts'
import { AgentPool } from '../guest/agent-pool.ts'
import { RelayConnections } from '../guest/relay-connections.ts'
import { systemTimers } from '../timers.ts'
import type { Cluster } from './api/access/cluster.ts'
import { KubernetesClient } from './api/client.ts'
import { DEADLINES_MS, type Deadlines } from './deadlines.ts'
import { Facts } from './facts.ts'
import { markChecked, guestHost, versionOf } from './guests.ts'
import { Known } from './known.ts'
import { Managers } from './managers.ts'
import { Nodes, type NodeStates } from './nodes/nodes.ts'
import { conflict, createPod } from './pods/create.ts'
import { deletePod, endPod } from './pods/end.ts'
import { idOf } from './pods/id.ts'
import { lendPod } from './pods/lend.ts'
import { containersOf } from './pods/marks.ts'
import { observe, withoutMissingNetworks } from './pods/observed.ts'
import { Pods } from './pods/pods.ts'
import { waitUntilRunning } from './pods/start.ts'
import type { Pod } from './pods/types.ts'
import { Isolation } from './policies/isolation.ts'
import { Policies } from './policies/policies.ts'
import { openShell } from './terminal.ts'

export interface KubernetesOptions {
  readonly instance: string
  /** Reaches of the pools, which may change. */
  readonly reaches: () => readonly Reach[]
  readonly database: DatabaseMark
  readonly cluster: Cluster
  /** Contains only the containers of this instance. */
  readonly namespace: string
  /** Addresses of name servers that containers use. */
  readonly nameservers: readonly string[]
  /** Blocks of addresses of gateways outside of the cluster. */
  readonly gatewayAddresses: readonly string[]
  /** Image of the pods that show whether policies are enforced. */
  readonly canaryImage?: string
  readonly clock: Clock
  readonly deadlines?: Partial<Deadlines>
}

/** One namespace of a cluster. Connects with the first call, so it can be opened while the API server is down. */
export function openKubernetes(options: KubernetesOptions): Engine {
  return new KubernetesEngine(options)
}

class KubernetesEngine implements Engine {
  readonly traits = {
    restartsWithFiles: false,
    pauses: false,
    publishesPorts: false,
    limitsPids: false,
    hasImages: false,
  }
  readonly #options: KubernetesOptions
  readonly #deadlines: Deadlines
  readonly #client: KubernetesClient
  readonly #pods: Pods
  readonly #nodes: Nodes
  readonly #facts: Facts
  readonly #policies: Policies
  readonly #isolation: Isolation
  readonly #managers: Managers
  readonly agent: AgentPool
  readonly lines: RelayConnections
  readonly #known = new Known()
  #isProvisioned = false

  constructor(options: KubernetesOptions) {
    const { cluster, namespace, database: mark, clock, deadlines } = options
    this.#options = options
    this.#deadlines = { ...DEADLINES_MS, ...deadlines }
    this.#client = new KubernetesClient(cluster)
    this.#pods = new Pods(this.#client, namespace, this.#deadlines)
    this.#nodes = new Nodes(this.#client, this.#deadlines.list)
    this.#facts = new Facts(this.#pods, this.#nodes, options.instance)
    this.#policies = new Policies(this.#pods, options, mark)
    this.#isolation = new Isolation(this.#pods, this.#nodes, this.#policies, options)
    const guests = guestHost(this.#pods)
    this.agent = new AgentPool(guests, this.#deadlines.attach)
    this.lines = new RelayConnections(guests, { connectMs: this.#deadlines.attach, timers: systemTimers })
    const deadlineMs = this.#deadlines.policies
    this.#managers = new Managers({ client: this.#client, namespace, mark, clock, deadlineMs })
  }

  async provision(): Promise<void> {
    await this.#isolation.provision(this.#reaches())
    await this.#managers.write()
    this.#isProvisioned = true
  }

  async isProvisioned(): Promise<boolean> {
    if (!this.#isProvisioned || !this.#managers.isWritten) return false
    return this.#isolation.isInForce(this.#reaches())
  }

  async list(): Promise<EngineListing> {
    const [pods, nodes] = await Promise.all([
      this.#pods.list(containersOf(this.#options.instance)),
      this.#nodes.read(),
      this.#managers.refresh(),
    ])
    // Read after the pods: a policy is made before pods join it, so one that is missing here was deleted.
    const peerNetworks = await this.#policies.peerNetworks()
    const reached = pods.filter((pod) => isReached(pod, nodes)).flatMap((pod) => this.#observe(pod) ?? [])
    const observed = withoutMissingNetworks(reached, peerNetworks)
    const versions = new Map(pods.map((pod) => [idOf(pod), versionOf(pod)]))
    this.agent.update(versions)
    this.lines.update(versions)
    this.#known.update(observed)
    return { observed, unreachable: nodes.unreachable, peerNetworks }
  }

  presence(): Presence | null {
    const { ledger, living } = this.#managers
    return ledger === null ? null : { ledger, managers: living, abandoned: new Set() }
  }

  async lend(ids: readonly string[], reservation: string): Promise<ReadonlySet<string>> {
    const taken = new Set<string>()
    await Promise.all(
      ids.map(async (id) => {
        const holder = await lendPod(this.#pods, id, reservation)
        this.#known.lent(id, holder)
        if (holder !== reservation) taken.add(id)
      }),
    )
    return taken
  }

  version: Engine['version'] = () => this.#facts.version()
  inspect: Engine['inspect'] = (id) => this.#facts.inspect(id)
  sshAddress: Engine['sshAddress'] = (id) => this.#facts.sshAddress(id)
  /** Nothing is published: only managers and gateways reach pods. */
  publishedAt: Engine['publishedAt'] = () => null
  imageOf: Engine['imageOf'] = (id) => this.#facts.imageOf(id)
  whyDown: Engine['whyDown'] = (id) => this.#facts.whyDown(id)
  nodes: NonNullable<Engine['nodes']> = () => this.#nodes.describe()
  lentTo: Engine['lentTo'] = (id) => this.#known.lentTo(id)
  diskProblem: Engine['diskProblem'] = async () => null
  /** A name with a digest, or a tag that is never given to another image: nodes pull what they do not have. */
  imageNamed: Engine['imageNamed'] = async (name) => name

  async commit(): Promise<never> {
    throw new BerthError('engine_failed', 'Kubernetes makes no images of containers: remove prepare_image')
  }

  preparedImages: Engine['preparedImages'] = async () => []
  removePreparedImages: Engine['removePreparedImages'] = async () => undefined

  async create(spec: ContainerSpec): Promise<string> {
    const { database: mark, nameservers } = this.#options
    for (const id of this.#known.generationsOf(spec.name)) await this.#assertFree(spec, id)
    const id = idOf(await createPod(this.#pods, spec, { mark, nameservers }))
    this.#known.created(spec.name, id)
    return id
  }

  async start(id: string): Promise<void> {
    const pod = await this.#pods.find(id)
    if (pod !== null && this.#observe(pod)?.state === 'running') return
    const started = await waitUntilRunning(this.#pods, id, this.#options.clock)
    await this.#isolation.show(started)
    await markChecked(this.#pods, started)
  }

  async kill(id: string): Promise<void> {
    await endPod(this.#pods, id, this.#deadlines.kill)
  }

  async remove(id: string): Promise<void> {
    const pod = await this.#pods.find(id)
    if (pod === null) return
    const { unreachable } = await this.#nodes.recent()
    // Its kubelet kills it when the node is back.
    if (unreachable.includes(pod.spec.nodeName ?? '')) await deletePod(this.#pods, id, this.#deadlines.remove)
    else await endPod(this.#pods, id, this.#deadlines.remove)
    this.#known.removed(id)
  }

  connectPeers: Engine['connectPeers'] = async (reservation, _size, members) =>
    this.#policies.connectPeers(reservation, members)
  removePeerNetwork: Engine['removePeerNetwork'] = (id) => this.#policies.removePeers(id)

  async exec(id: string, request: ExecRequest): Promise<ExecResult> {
    const target = this.#pods.target(id)
    return this.#client.exec(target, request, `exec ${request.command[0] ?? ''} in ${target.pod}`)
  }

  shell: Engine['shell'] = async (id, request) => openShell(this.#pods, id, request)

  ansibleConnection(id: string): Readonly<Record<string, string>> {
    const { pod, container, namespace } = this.#pods.target(id)
    return {
      ansible_connection: 'kubernetes.core.kubectl',
      ansible_kubectl_namespace: namespace,
      ansible_kubectl_pod: pod,
      ansible_kubectl_container: container,
    }
  }

  watch(onChange: () => void): () => void {
    const query = { labelSelector: containersOf(this.#options.instance) }
    return this.#client.watch({ path: this.#pods.path(), query, onChange })
  }

  async close(): Promise<void> {
    this.agent.close()
    this.lines.close()
    this.#client.close()
  }

  #reaches(): ReadonlySet<Reach> {
    return new Set(this.#options.reaches())
  }

  #observe(pod: Pod): Observed | null {
    return observe(pod, this.#options.instance)
  }

  /** Throws `engine_conflict` if another generation of the container still exists. */
  async #assertFree(spec: ContainerSpec, id: string): Promise<void> {
    const pod = await this.#pods.find(id)
    const observed = pod && this.#observe(pod)
    if (!observed || observed.state === 'removing' || observed.generation === spec.generation) return
    throw conflict(spec, `beside generation ${observed.generation ?? 'unknown'} (${id}) of the same container`)
  }
}

/** A pod whose node is gone from the cluster is removed by Kubernetes. */
function isReached({ spec: { nodeName } }: Pod, { all, unreachable }: NodeStates): boolean {
  return nodeName === undefined || (all.has(nodeName) && !unreachable.includes(nodeName))
}
