import type { Observed } from '../../../ports/engine.ts'
import { readLabels } from '../../labels.ts'
import type { ContainerInfo, ContainerInspectInfo, EndpointInfo } from '../api/types.ts'
import { isOnlyAmongPeers, peerLink } from '../peers/spec.ts'

/** sshd's port inside the container. */
const SSH = 22

const STATES: readonly Observed['state'][] = [
  'created',
  'running',
  'paused',
  'restarting',
  'exited',
  'removing',
  'dead',
]

/** Reservations by container id, from the ledger. */
type Lent = ReadonlyMap<string, string>

/** Reads an entry of Docker's list; null when it is not a container of this instance. */
export function fromList(info: ContainerInfo, instance: string, lent: Lent): Observed | null {
  const labels = readLabels(info.Labels, instance)
  const published = info.Ports.find(({ PrivatePort }) => PrivatePort === SSH)?.PublicPort
  const place = placeOf(info.NetworkSettings?.Networks ?? {}, instance, published)
  const createdAt = info.Created * 1000
  return labels && { ...labels, ...factsOf(info.Id, lent), ...place, state: stateOf(info.State), createdAt }
}

/** Returns the address of Docker's host on which sshd is published; null while the container is down. */
export function bindOf({ Ports }: Pick<ContainerInfo, 'Ports'>): string | null {
  return Ports.find(({ PrivatePort, PublicPort }) => PrivatePort === SSH && PublicPort !== undefined)?.IP ?? null
}

/** Reads the same as `fromList` from Docker's inspect. The time of creation is cut to seconds, as it is in lists. */
export function fromInspect(info: ContainerInspectInfo, instance: string, lent: Lent): Observed | null {
  const labels = readLabels(info.Config.Labels ?? {}, instance)
  const createdAt = Math.floor(Date.parse(info.Created) / 1000) * 1000
  const [published] = info.NetworkSettings.Ports[`${SSH}/tcp`] ?? []
  const place = placeOf(info.NetworkSettings.Networks, instance, published && Number(published.HostPort))
  return labels && { ...labels, ...factsOf(info.Id, lent), ...place, state: stateOf(info.State.Status), createdAt }
}

/** `published` is the port that Docker shows, also where no connection gets in. */
function placeOf(
  networks: Readonly<Record<string, EndpointInfo>>,
  instance: string,
  published: number | undefined,
): Pick<Observed, 'port' | 'peers'> {
  const port = isOnlyAmongPeers(networks, instance) ? null : (published ?? null)
  return { port, peers: peerLink(networks, instance) }
}

/** One engine is one machine: people reach it at `ssh.host`. */
function factsOf(id: string, lent: Lent): Pick<Observed, 'id' | 'host' | 'node' | 'lentTo'> {
  return { id, host: null, node: null, lentTo: lent.get(id) ?? null }
}

/** An unknown state counts as dead, so that the container is not lent. */
function stateOf(text: string): Observed['state'] {
  return STATES.find((state) => state === text) ?? 'dead'
}
