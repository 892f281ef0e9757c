/**
 * Shows that the policies are enforced before anything is lent: the API server accepts them also where the network
 * plugin ignores them, and a plugin may take seconds to enforce them for a new pod.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Reach } from '../../../domain/container.ts'
import { BerthError } from '../../../domain/errors.ts'
import type { Nodes } from '../nodes/nodes.ts'
import { idOf } from '../pods/id.ts'
import { REACH_LABEL } from '../pods/marks.ts'
import type { Pods } from '../pods/pods.ts'
import type { Pod } from '../pods/types.ts'
import { Canaries, type CanaryOptions } from './canary.ts'
import { kubeletBeside } from './kubelets.ts'
import type { Policies } from './policies.ts'
import { describeEndpoints, type Endpoint, lookFrom, sshdOf } from './probe.ts'

/** Address at which clouds serve credentials of the node. */
const METADATA: Endpoint = { address: '169.254.169.254', port: 80, what: 'metadata of the cloud' }
/** Maximum time until sshd of a new pod answers. */
const SSHD_WITHIN_MS = 30_000
const POLL_MS = 200
const ADVICE = 'use a network plugin that enforces NetworkPolicy: Calico, Cilium, or the one that k3s has by default'

export class Isolation {
  readonly #pods: Pods
  readonly #policies: Policies
  readonly #canaries: Canaries
  readonly #nodes: Nodes
  /** Id of the canary with which it was shown that policies are enforced. */
  #shownWith: string | null = null

  constructor(pods: Pods, nodes: Nodes, policies: Policies, options: CanaryOptions) {
    this.#pods = pods
    this.#policies = policies
    this.#canaries = new Canaries(pods, options)
    this.#nodes = nodes
  }

  /** Makes the policies, and shows once that they are enforced. `engine_failed` if they are not. */
  async provision(reaches: ReadonlySet<Reach>): Promise<void> {
    await this.#policies.apply(withCanary(reaches))
    const canary = await this.#canaries.ensureCanary()
    if (this.#shownWith === idOf(canary)) return
    await this.#waitForSshd(canary)
    const probe = await this.#canaries.startProbe(reaches.has('internet') ? 'internet' : 'none')
    try {
      const reached = await this.#waitUntilIsolated(probe, canary)
      if (reached.length > 0) throw this.#notEnforced('a container of restricted reach', reached)
    } finally {
      await this.#canaries.remove(probe)
    }
    this.#shownWith = idOf(canary)
  }

  /** Whether the policies are there as they must be, and the canary with which it was shown that they are enforced. */
  async isInForce(reaches: ReadonlySet<Reach>): Promise<boolean> {
    if (this.#shownWith === null) return false
    const [areApplied, canary] = await Promise.all([
      this.#policies.areApplied(withCanary(reaches)),
      this.#canaries.standing(),
    ])
    return areApplied && canary !== null && idOf(canary) === this.#shownWith
  }

  /** Resolves when the policies are enforced for a running pod. `engine_failed` if they are not in time. */
  async show(pod: Pod): Promise<void> {
    const { name } = pod.metadata
    const canary = await this.#canaries.standing()
    if (canary === null)
      throw new BerthError(
        'engine_unavailable',
        `start ${name}: the canary, which shows whether policies are enforced, is gone; it is tried again with a new one`,
      )
    const reached = await this.#waitUntilIsolated(pod, canary)
    if (reached.length > 0) throw this.#notEnforced(`start ${name}: it`, reached)
  }

  /** Returns what the pod must not reach and still does after the deadline; empty as soon as it reaches nothing. */
  async #waitUntilIsolated(pod: Pod, canary: Pod): Promise<readonly Endpoint[]> {
    const endpoints = await this.#forbiddenTo(pod, canary)
    await this.#waitForSshd(pod)
    const end = performance.now() + this.#pods.deadlines.enforce
    for (;;) {
      const { reached } = await lookFrom(this.#pods, pod, endpoints)
      if (reached.length === 0) break
      if (performance.now() > end) return reached
      await sleep(POLL_MS)
    }
    // A canary that has ended is not reached, either.
    await this.#waitForSshd(canary)
    return []
  }

  async #forbiddenTo(pod: Pod, canary: Pod): Promise<Endpoint[]> {
    const sshd = sshdOf(canary, 'sshd of another container')
    if (pod.metadata.labels?.[REACH_LABEL] === 'all') return [sshd]
    return [sshd, ...(await kubeletBeside(this.#nodes, pod.spec.nodeName)), METADATA]
  }

  async #waitForSshd(pod: Pod): Promise<void> {
    const end = performance.now() + SSHD_WITHIN_MS
    while (!(await lookFrom(this.#pods, pod, [])).hasSshd) {
      if (performance.now() > end) {
        const { name } = pod.metadata
        throw new BerthError(
          'engine_failed',
          `start ${name}: its sshd does not answer after ${SSHD_WITHIN_MS / 1_000} s`,
        )
      }
      await sleep(POLL_MS)
    }
  }

  #notEnforced(who: string, reached: readonly Endpoint[]): BerthError {
    const seconds = this.#pods.deadlines.enforce / 1_000
    return new BerthError(
      'engine_failed',
      `${who} still reaches ${describeEndpoints(reached)} after ${seconds} s: the network plugin of the cluster does ` +
        `not enforce NetworkPolicy, so nothing is lent; ${ADVICE}`,
    )
  }
}

/** The canary has the reach `none`. */
function withCanary(reaches: ReadonlySet<Reach>): ReadonlySet<Reach> {
  return new Set([...reaches, 'none'])
}
