/**
 * NetworkPolicies: one for each reach, and one for the containers of a reservation that reach each other. A pod that is
 * selected by a policy reaches only what its policies allow together.
 */
import type { DatabaseMark } from '../../../domain/database-mark.ts'
import type { Reach } from '../../../domain/container.ts'
import { CLOUD_SERVICES_IPV4 } from '../../cloud-services.ts'
import { INSTANCE_LABEL, markLabels, PEERS_LABEL } from '../../labels.ts'
import { HELD_LABEL, REACH_LABEL } from '../pods/marks.ts'
import { SSH_PORT } from '../pods/manifest.ts'

/** Pods in namespaces with this label "true" may connect to sshd: those of the managers and gateways. */
const GATEWAY_LABEL = 'berth.gateway'

/** Private networks (RFC 1918, RFC 6598), which are those of nodes, pods and services. */
const PRIVATE_IPV4 = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10']
const PRIVATE_IPV6 = ['fc00::/7', 'fe80::/10']
/** More pods than a namespace can have. For pods without a controller, a budget must be a number of pods to keep. */
const ALL_HELD = 1_000_000

export interface PolicyOptions {
  readonly instance: string
  /** Blocks of addresses of gateways outside of the cluster. */
  readonly gatewayAddresses: readonly string[]
  readonly nameservers: readonly string[]
}

export interface Manifest {
  readonly metadata: { readonly name: string; readonly [key: string]: unknown }
  readonly spec: object
}

export function reachPolicy(reach: Reach, { instance, gatewayAddresses, nameservers }: PolicyOptions): Manifest {
  const gateways = [
    { namespaceSelector: { matchLabels: { [GATEWAY_LABEL]: 'true' } } },
    ...gatewayAddresses.map((cidr) => ({ ipBlock: { cidr } })),
  ]
  return {
    metadata: { name: `berth-reach-${reach}`, labels: { [INSTANCE_LABEL]: instance } },
    spec: {
      podSelector: { matchLabels: { [REACH_LABEL]: reach } },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: gateways, ports: [{ protocol: 'TCP', port: SSH_PORT }] }],
      // As it is stored: an empty list would count as an edit.
      ...(reach !== 'none' && { egress: egressOf(reach, nameservers) }),
    },
  }
}

function egressOf(reach: Exclude<Reach, 'none'>, nameservers: readonly string[]): object[] {
  if (reach === 'all') return [{}]
  const cloud = CLOUD_SERVICES_IPV4.map(({ addresses }) => (addresses.includes('/') ? addresses : `${addresses}/32`))
  const ipv4 = { ipBlock: { cidr: '0.0.0.0/0', except: [...PRIVATE_IPV4, ...cloud.filter(isPublic)] } }
  const ipv6 = { ipBlock: { cidr: '::/0', except: PRIVATE_IPV6 } }
  // A name server of the site may be on a private network.
  const servers = nameservers.map((address) => ({
    ipBlock: { cidr: `${address}/${address.includes(':') ? 128 : 32}` },
  }))
  const dns = ['UDP', 'TCP'].map((protocol) => ({ protocol, port: 53 }))
  return [{ to: [ipv4, ipv6] }, ...(servers.length > 0 ? [{ to: servers, ports: dns }] : [])]
}

/** Returns whether a block is not part of a private network; `except` takes no block that is part of another one. */
function isPublic(block: string): boolean {
  const [first = 0, second = 0] = block.split('.').map(Number)
  return !(first === 10 || (first === 100 && second >= 64 && second < 128) || (first === 192 && second === 168))
}

/** Prefix of the names of policies of peers. The id of the reservation follows. */
const PEERS_PREFIX = 'berth-peers-'

export function peersPolicy(reservation: string, instance: string, mark: DatabaseMark): Manifest {
  const members = { podSelector: { matchLabels: { [PEERS_LABEL]: reservation } } }
  return {
    metadata: {
      name: `${PEERS_PREFIX}${reservation}`,
      labels: { [INSTANCE_LABEL]: instance, [PEERS_LABEL]: reservation },
      annotations: markLabels(mark),
    },
    spec: {
      ...members,
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [members] }],
      egress: [{ to: [members] }],
    },
  }
}

/** Keeps `kubectl drain` from ending a container that is lent. */
export function disruptionBudget(instance: string): Manifest {
  return {
    metadata: { name: 'berth-held', labels: { [INSTANCE_LABEL]: instance } },
    spec: { minAvailable: ALL_HELD, selector: { matchLabels: { [HELD_LABEL]: 'true' } } },
  }
}
