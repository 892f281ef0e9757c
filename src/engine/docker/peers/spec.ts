/** Specifies the network of a reservation's containers, and its names. */
import { isIPv4 } from 'node:net'
import type { DatabaseMark } from '../../../domain/database-mark.ts'
import { formatBlock, type Ipv4Block } from '../../../domain/text/ipv4-block.ts'
import type { PeerLink } from '../../../ports/engine.ts'
import { INSTANCE_LABEL, markLabels, PEERS_LABEL } from '../../labels.ts'
import type { EndpointInfo } from '../api/types.ts'
import { instanceHash } from '../network/spec.ts'

/** Returns the beginning of the names of an instance's peer networks; the reservation's id follows. */
function namePrefix(instance: string): string {
  return `berth-${instance}-peers-`
}

/**
 * Returns the beginning of the names of an instance's peer bridges, by which one rule also matches future ones. Six
 * hexadecimal digits follow: Linux allows 15 characters.
 */
export function peerBridgePrefix(instance: string): string {
  return `bp${instanceHash(instance).slice(0, 7)}`
}

/** Returns a unique name: no two peer networks have the same block, and all blocks share their first 8 bits. */
function bridgeName(instance: string, { first }: Ipv4Block): string {
  return peerBridgePrefix(instance) + (first % 2 ** 24).toString(16).padStart(6, '0')
}

/**
 * Returns the body of Docker's "create a network". Without an address on the host (`inhibit_ipv4`), the host has no
 * route to the containers, and they have none to the host. `Internal`: Docker adds no default route, publishes no ports
 * there, and refuses packets of other addresses.
 */
export function peerNetworkOptions(instance: string, reservation: string, block: Ipv4Block, mark: DatabaseMark) {
  return {
    Name: namePrefix(instance) + reservation,
    Driver: 'bridge',
    Internal: true,
    IPAM: { Config: [{ Subnet: formatBlock(block) }] },
    Options: {
      'com.docker.network.bridge.enable_icc': 'true',
      'com.docker.network.bridge.inhibit_ipv4': 'true',
      'com.docker.network.bridge.name': bridgeName(instance, block),
    },
    Labels: { [INSTANCE_LABEL]: instance, [PEERS_LABEL]: reservation, ...markLabels(mark) },
  }
}

/** Returns the names of peer networks among those of a container. */
export function peerNetworksIn(networks: object, instance: string): string[] {
  return Object.keys(networks).filter((name) => name.startsWith(namePrefix(instance)))
}

/**
 * Whether the network of its reservation is the only one of a container. Docker then still shows its port as published,
 * but no connection gets in: that network leads nowhere.
 */
export function isOnlyAmongPeers(networks: object, instance: string): boolean {
  const count = Object.keys(networks).length
  return count > 0 && peerNetworksIn(networks, instance).length === count
}

/** Returns a container's place on the network of its reservation; null if it has none. */
export function peerLink(networks: Readonly<Record<string, EndpointInfo>>, instance: string): PeerLink | null {
  const [name] = peerNetworksIn(networks, instance)
  const endpoint = name === undefined ? undefined : networks[name]
  if (name === undefined || endpoint === undefined) return null
  const address = endpoint.IPAMConfig?.IPv4Address ?? ''
  return {
    reservation: name.slice(namePrefix(instance).length),
    // Checked, because it is written into files of tenants.
    address: isIPv4(address) ? address : null,
    attachment: endpoint.EndpointID || null,
  }
}
