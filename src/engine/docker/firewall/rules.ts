/** The nftables rules of one instance on the engine's host. All tables are of family inet. */
import { REACHES, type Reach } from '../../../domain/container.ts'
import { bridgeName, instanceHash } from '../network/spec.ts'
import { CLOUD_SERVICES_IPV4, CLOUD_SERVICES_IPV6, type CloudService } from '../../cloud-services.ts'
import { peerRules } from './peer-rules.ts'

/** Longest that an address stays on the blocklist unless it is blocked again. */
export const BLOCK_TTL_MS = 60_000
/**
 * Maximum number of tracked connections per container that it opened, and as many again that came to it. All containers
 * and the host share one table (nf_conntrack_max, 262,144 entries on a host with 4 GB): when it is full, the host
 * refuses every new connection.
 */
const MAX_CONNECTIONS = 4_096
/**
 * Maximum rate of new connections per container. The kernel does not count closed TCP connections as connections, and
 * keeps them in the table for two minutes all the same: at this rate, 12,000 of them.
 */
const MAX_NEW_PER_SECOND = 100
/** Number of connections that may be opened at once before the rate applies. */
const NEW_CONNECTIONS_BURST = 1_000
/** Addresses per set: more than the containers of one host. */
const SET_SIZE = 65_535

/** Name of the table with the rules that never change. */
export function tableName(instance: string): string {
  return `berth_${instanceHash(instance)}`
}

/** Name of the table with the sets of addresses whose connections are counted: their elements come and go. */
export function connectionsName(instance: string): string {
  return `${tableName(instance)}_connections`
}

/** Name of the table with the blocklist. Earlier versions named it so; under another name, theirs would stay. */
export function blocklistName(instance: string): string {
  return `${tableName(instance)}_barrier`
}

export function allTables(instance: string): string[] {
  return [tableName(instance), connectionsName(instance), blocklistName(instance)]
}

/**
 * Returns one nft transaction that replaces the tables of the rules and of the connections. They stand beside those of
 * iptables (either kind), of Docker and of the host's own firewall: what any table refuses is refused.
 */
export function firewallRules(instance: string, maxConnections = MAX_CONNECTIONS): string {
  const rules = reachRules(instance) + peerRules(instance)
  return replaceTable(tableName(instance), rules) + connectionRules(instance, maxConnections)
}

/**
 * - Before NAT (dstnat is -100), while the packet still has the address that the container asked for: ports that Docker
 *   publishes on the host's addresses count as the host, wherever they lead. After conntrack (-200), for `ct`.
 * - By direction, not by "established": a connection that was opened while the rules were missing is refused too.
 * - Only packets that Docker's published ports have translated (`ct status dnat`) enter containers. Packets to a
 *   container's own address, from the LAN, virtual machines or other bridges, would bypass `ssh.bind`. Packets from the
 *   host itself (Docker's userland proxy, logins over the loopback) are not forwarded, and pass.
 * - Docker translates a port that is bound to the loopback for packets from the wire too (moby#45610).
 * - A packet without a connection is dropped, not refused: a reset would end the connection that it pretends to belong
 *   to.
 * - With Docker's userland proxy off, a packet from a bridge may reach services on the host's loopback
 *   (route_localnet).
 */
function reachRules(instance: string): string {
  const bridge = (reach: Reach) => `"${bridgeName(instance, reach)}"`
  const every = bridges(instance)
  return `
  ${addressSet('cloud_services4', 'ipv4_addr', CLOUD_SERVICES_IPV4)}
  ${addressSet('cloud_services6', 'ipv6_addr', CLOUD_SERVICES_IPV6)}
  chain refuse {
    meta l4proto tcp reject with tcp reset
    reject with icmpx admin-prohibited
  }
  chain from_containers {
    type filter hook prerouting priority -150; policy accept;
    iifname != ${every} accept
    ct direction reply accept
    ip daddr 127.0.0.0/8 goto refuse
    iifname ${bridge('all')} accept
    iifname ${bridge('none')} goto refuse
    fib daddr type != unicast goto refuse
    ip daddr @cloud_services4 meta l4proto { tcp, udp } th dport 53 accept
    ip daddr @cloud_services4 goto refuse
    ip6 daddr @cloud_services6 meta l4proto { tcp, udp } th dport 53 accept
    ip6 daddr @cloud_services6 goto refuse
  }
  chain to_containers {
    type filter hook forward priority -10; policy accept;
    oifname != ${every} accept
    iifname ${every} goto refuse
    ct direction reply accept
    ct original ip daddr 127.0.0.0/8 drop
    ct status dnat accept
    ct state invalid drop
    goto refuse
  }
`
}

/**
 * After the chains that refuse (-150, -10), so that only permitted connections are counted. Only the first packet of
 * each connection counts: in a datagram stream that is never answered, all packets are "new".
 */
function connectionRules(instance: string, maxConnections: number): string {
  const every = bridges(instance)
  const counted = ['out4', 'out6', 'in4', 'in6'].map(
    (name) => `set ${name} { type ${typeOf(name)}; size ${SET_SIZE}; flags dynamic; }`,
  )
  const timed = ['new4', 'new6'].map(
    (name) => `set ${name} { type ${typeOf(name)}; size ${SET_SIZE}; flags dynamic,timeout; timeout 1m; }`,
  )
  const rate = `limit rate over ${MAX_NEW_PER_SECOND}/second burst ${NEW_CONNECTIONS_BURST} packets`
  const count = `ct count over ${maxConnections}`
  return replaceTable(
    connectionsName(instance),
    `
  ${[...counted, ...timed].join('\n  ')}
  chain from_containers {
    type filter hook prerouting priority -140; policy accept;
    iifname != ${every} accept
    ct state != new accept
    ct status confirmed accept
    update @new4 { ip saddr ${rate} } drop
    update @new6 { ip6 saddr ${rate} } drop
    add @out4 { ip saddr ${count} } drop
    add @out6 { ip6 saddr ${count} } drop
  }
  chain to_containers {
    type filter hook forward priority -5; policy accept;
    oifname != ${every} accept
    ct state != new accept
    ct status confirmed accept
    add @in4 { ip daddr ${count} } drop
    add @in6 { ip6 daddr ${count} } drop
  }
`,
  )
}

/** A TCP packet without data: headers of IPv4 and TCP of 20 bytes each, and options. With it, a connection ends. */
const MAX_EMPTY_PACKET_BYTES = 60

/**
 * Containers whose address is in the set neither receive nor send anything, apart from the end of their connections:
 * without that, the terminal of a tenant whose time is up would hang. A table of its own, because the set's elements
 * come and go. Peers that go on sending get a reset. An address leaves the set by itself after `BLOCK_TTL_MS`:
 * the manager that blocked it may be dead, and Docker gives the address to another container.
 */
export function blocklistRules(instance: string): string {
  return replaceTable(
    blocklistName(instance),
    `
  set blocked {
    type ipv4_addr
    flags timeout
    timeout ${BLOCK_TTL_MS / 1_000}s
  }
  chain refuse {
    meta l4proto tcp reject with tcp reset
    drop
  }
  chain from_blocked {
    type filter hook prerouting priority -290; policy accept;
    ip saddr @blocked tcp flags & (fin | rst) != 0 ip length <= ${MAX_EMPTY_PACKET_BYTES} accept
    ip saddr @blocked drop
  }
  chain to_blocked {
    type filter hook forward priority -20; policy accept;
    ip daddr @blocked goto refuse
  }
  chain to_blocked_from_host {
    type filter hook output priority -20; policy accept;
    ip daddr @blocked goto refuse
  }
`,
  )
}

/**
 * Returns one transaction for `nft -f -`, on one line. Blocking an address again restarts `BLOCK_TTL_MS`; unblocking a
 * free address succeeds.
 */
export function blocklistChange(instance: string, block: readonly string[], unblock: readonly string[]): string {
  const elements = (verb: string, addresses: readonly string[]) =>
    addresses.length === 0
      ? ''
      : `${verb} element inet ${blocklistName(instance)} blocked { ${addresses.join(', ')} }; `
  const all = [...new Set([...block, ...unblock])]
  return elements('add', all) + elements('delete', all) + elements('add', block)
}

/** Returns the bridges of every reach, whether they exist or not. */
export function bridgesOf(instance: string): string[] {
  return REACHES.map((reach) => bridgeName(instance, reach))
}

function bridges(instance: string): string {
  return `{ ${bridgesOf(instance)
    .map((bridge) => `"${bridge}"`)
    .join(', ')} }`
}

function typeOf(set: string): string {
  return set.endsWith('4') ? 'ipv4_addr' : 'ipv6_addr'
}

/** Without the services as comments in nft, which cuts them at 128 bytes. */
function addressSet(name: string, type: string, services: readonly CloudService[]): string {
  return `set ${name} { type ${type}; flags interval; elements = { ${services.map((one) => one.addresses).join(', ')} }; }`
}

function replaceTable(name: string, content: string): string {
  return `add table inet ${name}\ndelete table inet ${name}\ntable inet ${name} {${content}}\n`
}
