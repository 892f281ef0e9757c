/** Reads what the API server reports about a pod. */
import { isIPv4 } from 'node:net'
import type { Observed, PeerLink, PeerNetwork } from '../../../ports/engine.ts'
import { PEERS_LABEL, readLabels } from '../../labels.ts'
import { idOf } from './id.ts'
import { AGENT_ANNOTATION, CHECKED_ANNOTATION, LENT_ANNOTATION, PORT_ANNOTATION } from './marks.ts'
import type { Pod } from './types.ts'

/**
 * Returns null when it is not a container of this instance, and when it has ended for good: its object stays until the
 * kubelet has cleaned up, which may take seconds.
 */
export function observe(pod: Pod, instance: string): Observed | null {
  const { annotations = {}, creationTimestamp } = pod.metadata
  const labels = readLabels(annotations, instance)
  if (labels === null || isGone(pod)) return null
  const state = stateOf(pod)
  const runs = state === 'running'
  const port = Number(annotations[PORT_ANNOTATION] ?? '')
  return {
    ...labels,
    id: idOf(pod),
    // The gateways' address, which `ssh.host` names.
    host: null,
    // Known as soon as it is scheduled. Until it runs, nothing depends on its node.
    node: runs ? (pod.spec.nodeName ?? null) : null,
    port: runs && port > 0 ? port : null,
    state,
    createdAt: Date.parse(creationTimestamp),
    lentTo: annotations[LENT_ANNOTATION] || null,
    peers: peerLink(pod, runs),
  }
}

/** Whether it is being deleted and nothing of it runs any more. */
export function isGone(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined && hasEnded(pod)
}

/** Whether no process of it runs, by what its kubelet has reported. */
function hasEnded({ spec, status }: Pod): boolean {
  // A kubelet starts nothing of a pod that is deleted before it was scheduled.
  if (spec.nodeName === undefined) return true
  if (status.phase === 'Succeeded' || status.phase === 'Failed') return true
  const containers = status.containerStatuses ?? []
  return containers.length > 0 && containers.every(({ state }) => state?.terminated !== undefined)
}

function stateOf(pod: Pod): Observed['state'] {
  const { metadata, status } = pod
  if (metadata.deletionTimestamp !== undefined) return 'removing'
  // Its restart policy is Never.
  if (hasEnded(pod) && pod.spec.nodeName !== undefined) return 'dead'
  if (status.phase === 'Unknown' || hasStartedAgain(pod)) return 'dead'
  // Started and not checked yet, as after a manager was killed in between: `start` does the rest.
  return isRunning(pod) && metadata.annotations?.[AGENT_ANNOTATION] !== undefined ? 'running' : 'created'
}

/**
 * Whether the container that runs in it is not the one that was checked. A kubelet starts a pod again, whatever its
 * restart policy, if the node lost power before the end was reported and the dead containers were removed
 * (kubernetes#8878). The new container has neither the files nor the account.
 */
export function hasStartedAgain({ metadata, status }: Pod): boolean {
  const checked = metadata.annotations?.[CHECKED_ANNOTATION]
  const { containerID = '', state } = status.containerStatuses?.[0] ?? {}
  return checked !== undefined && state?.running !== undefined && containerID !== checked
}

export function isRunning({ status }: Pod): boolean {
  return status.phase === 'Running' && status.containerStatuses?.every(({ state }) => state?.running) === true
}

/** Takes containers out of networks that do not exist: the planner then makes the network again, and connects them. */
export function withoutMissingNetworks(all: readonly Observed[], networks: readonly PeerNetwork[]): Observed[] {
  const existing = new Set(networks.map(({ reservation }) => reservation))
  return all.map((each) => (each.peers && !existing.has(each.peers.reservation) ? { ...each, peers: null } : each))
}

/** Only one start of a pod is used, so its uid names the start. */
function peerLink({ metadata: { labels = {}, uid }, status }: Pod, runs: boolean): PeerLink | null {
  const reservation = labels[PEERS_LABEL]
  if (reservation === undefined) return null
  const address = status.podIP ?? ''
  return {
    reservation,
    // Checked, because it is written into files of tenants.
    address: isIPv4(address) ? address : null,
    attachment: runs ? uid : null,
  }
}
