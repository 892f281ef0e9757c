/** Makes and corrects the policies that isolate the containers of an instance. */
import type { Reach } from '../../../domain/container.ts'
import type { DatabaseMark } from '../../../domain/database-mark.ts'
import { BerthError } from '../../../domain/errors.ts'
import type { PeerMember, PeerNetwork } from '../../../ports/engine.ts'
import type { KubernetesObject } from '../api/types.ts'
import { DATABASE_LABEL, INSTANCE_LABEL, ORIGIN_LABEL, PEERS_LABEL } from '../../labels.ts'
import { parseId } from '../pods/id.ts'
import { isGone } from '../pods/observed.ts'
import type { Pods } from '../pods/pods.ts'
import { disruptionBudget, type Manifest, peersPolicy, type PolicyOptions, reachPolicy } from './manifests.ts'

export class Policies {
  readonly #pods: Pods
  readonly #options: PolicyOptions
  /** Its identity of the database may change. */
  readonly #mark: DatabaseMark
  /** Revisions of the policies of reaches after they were applied, by name. */
  readonly #applied = new Map<string, string>()

  constructor(pods: Pods, options: PolicyOptions, mark: DatabaseMark) {
    this.#pods = pods
    this.#options = options
    this.#mark = mark
  }

  /** Makes or corrects all policies, and the budget that a drain respects. */
  async apply(reaches: ReadonlySet<Reach>): Promise<void> {
    const policies = [...reaches].map((reach) => reachPolicy(reach, this.#options))
    for (const policy of policies)
      this.#applied.set(policy.metadata.name, revisionOf(await this.#applyOne(this.#networkPolicies(), policy)))
    await this.#applyOne(await this.#budgets(), disruptionBudget(this.#options.instance))
  }

  /** Returns whether the policies of these reaches are as this process has applied them. */
  async areApplied(reaches: ReadonlySet<Reach>): Promise<boolean> {
    const found = await this.#list(INSTANCE_LABEL)
    const revisions = new Map(found.map((policy) => [policy.metadata.name, revisionOf(policy)]))
    return [...reaches]
      .map((reach) => reachPolicy(reach, this.#options).metadata.name)
      .every((name) => revisions.has(name) && revisions.get(name) === this.#applied.get(name))
  }

  async connectPeers(reservation: string, members: readonly PeerMember[]): Promise<void> {
    const policy = peersPolicy(reservation, this.#options.instance, this.#mark)
    await this.#applyOne(this.#networkPolicies(), policy)
    const outcomes = await Promise.allSettled(members.map(({ id }) => this.#join(id, reservation)))
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed) throw failed.reason
  }

  async peerNetworks(): Promise<PeerNetwork[]> {
    return (await this.#list(PEERS_LABEL)).map(({ metadata: { name, labels = {}, annotations = {} } }) => ({
      id: name,
      reservation: labels[PEERS_LABEL] ?? '',
      database: annotations[DATABASE_LABEL] || null,
      origin: annotations[ORIGIN_LABEL] || null,
    }))
  }

  async removePeers(id: string): Promise<void> {
    const network = (await this.peerNetworks()).find((each) => each.id === id)
    if (network === undefined) return
    const members = await this.#pods.list(`${PEERS_LABEL}=${network.reservation}`)
    if (members.some((pod) => !isGone(pod)))
      throw new BerthError('engine_failed', `remove the peer network ${id}: it has members`)
    await this.#pods.client.delete(`${this.#networkPolicies()}/${encodeURIComponent(id)}`, {}, this.#call(id))
  }

  async #join(id: string, reservation: string): Promise<void> {
    const name = parseId(id)?.name ?? ''
    const patch = { metadata: { uid: parseId(id)?.uid, labels: { [PEERS_LABEL]: reservation } } }
    await this.#pods.client.patch(this.#pods.path(name), 'merge', patch, this.#call(`connect ${name}`))
  }

  /** Makes an object, or replaces the whole spec of the one that exists. */
  async #applyOne(collection: string, manifest: Manifest): Promise<KubernetesObject> {
    const { name } = manifest.metadata
    const path = `${collection}/${encodeURIComponent(name)}`
    const there = await this.#pods.client.get<KubernetesObject>(path, this.#call(name))
    if (there === null) return this.#pods.client.create(collection, manifest, this.#call(name))
    this.#assertOwn(there)
    const replacement = [{ op: 'replace', path: '/spec', value: manifest.spec }]
    return this.#pods.client.patch(path, 'json', replacement, this.#call(name))
  }

  /** Throws `engine_conflict`. Two instances in one namespace would replace each other's policies. */
  #assertOwn({ metadata: { name, labels = {} } }: KubernetesObject): void {
    const owner = labels[INSTANCE_LABEL] ?? ''
    if (owner === this.#options.instance) return
    const what = `${name} in namespace ${this.#pods.namespace}`
    const problem = owner === '' ? `lacks the label ${INSTANCE_LABEL}` : `belongs to instance ${owner}`
    const remedy = 'give each instance a namespace of its own (kubernetes.namespace)'
    throw new BerthError('engine_conflict', `${what} ${problem}: ${remedy}`)
  }

  #list(labelSelector: string): Promise<KubernetesObject[]> {
    return this.#pods.client.list(this.#networkPolicies(), { labelSelector }, this.#call('list the policies'))
  }

  #networkPolicies(): string {
    return `/apis/networking.k8s.io/v1/namespaces/${encodeURIComponent(this.#pods.namespace)}/networkpolicies`
  }

  /** v1 exists from Kubernetes 1.21 on. */
  async #budgets(): Promise<string> {
    const path = (version: string) => `/apis/policy/${version}`
    const v1 = await this.#pods.client.get(path('v1'), this.#call('read the versions of policy'))
    const version = v1 === null ? 'v1beta1' : 'v1'
    return `${path(version)}/namespaces/${encodeURIComponent(this.#pods.namespace)}/poddisruptionbudgets`
  }

  #call(what: string): { what: string; deadlineMs: number } {
    return { what, deadlineMs: this.#pods.deadlines.policies }
  }
}

/** Identifies an object and its spec: an edit increments the generation, and an object made again has another uid. */
function revisionOf({ metadata: { uid, generation } }: KubernetesObject): string {
  return `${uid} ${generation ?? ''}`
}
