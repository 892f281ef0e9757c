/**
 * The guard: a container of our own on the host's network, which keeps tenants from the host and from link-local
 * addresses. Not rules inside the containers: Docker makes a container's network anew when its PID 1 dies, and tenants
 * are root there. Not rules that the manager sets: they have to hold after a reboot, with no manager, on remote engines.
 */
import { createHash } from 'node:crypto'
import { REACHES, type Reach } from '../../core/container.ts'
import { GUARD_LABEL, SPEC_LABEL } from '../labels.ts'
import { bridgeName, instanceHash } from './network-spec.ts'

const IMAGE = 'berth/alpine'
/** Seconds in which the guard notices that its rules were flushed, e.g. by a firewall that was reloaded. */
const LOOK_EVERY = 2
/** Longest that an address stays in the barrier's set, in milliseconds, unless it is barred again. */
export const BARRED_FOR = 60_000

export function guardName(instance: string): string {
  return `berth-guard-${instance}`
}

/** Of nftables, family inet, on the engine's host. */
export function tableName(instance: string): string {
  return `berth_${instanceHash(instance)}`
}

/**
 * One transaction for nft: the table as it should be, whatever was there. A table of our own stands beside those of
 * iptables (either kind), of Docker and of the host's firewall: what one of them refuses is refused.
 * - Before NAT (dstnat is -100), while the address is still the one that the container asked for: ports that Docker
 *   publishes on the host's addresses count as the host, wherever they lead. After conntrack (-200), for `ct`.
 * - By direction, not by "established": a connection that was opened while the rules were gone is cut off, too.
 * - Port 53 of link-local addresses: the name servers of some clouds.
 */
function guardRules(instance: string): string {
  const table = tableName(instance)
  const bridge = (reach: Reach) => `"${bridgeName(instance, reach)}"`
  const guarded = `{ ${bridge('internet')}, ${bridge('none')} }`
  const every = `{ ${REACHES.map(bridge).join(', ')} }`
  return `add table inet ${table}
delete table inet ${table}
table inet ${table} {
  chain refuse {
    meta l4proto tcp reject with tcp reset
    reject with icmpx admin-prohibited
  }
  chain from_containers {
    type filter hook prerouting priority -150; policy accept;
    iifname != ${guarded} accept
    ct direction reply accept
    iifname ${bridge('none')} goto refuse
    fib daddr type != unicast goto refuse
    ip daddr 169.254.0.0/16 meta l4proto { tcp, udp } th dport 53 accept
    ip daddr 169.254.0.0/16 goto refuse
    ip6 daddr fe80::/10 goto refuse
  }
  chain between_containers {
    type filter hook forward priority -10; policy accept;
    iifname ${every} oifname ${every} goto refuse
  }
}
`
}

/**
 * A table of its own, since what is in its set comes and goes: containers with these addresses neither get nor send anything.
 * Where they came from, those who go on sending learn that it is over. By itself an address leaves the set after a minute:
 * whoever was to take it out may be dead, and Docker gives it to another container.
 */
function barrierRules(instance: string): string {
  return `table inet ${barrierName(instance)} {
  set barred {
    type ipv4_addr
    flags timeout
    timeout ${BARRED_FOR / 1_000}s
  }
  chain refuse {
    meta l4proto tcp reject with tcp reset
    drop
  }
  chain from_barred {
    type filter hook prerouting priority -290; policy accept;
    ip saddr @barred drop
  }
  chain to_barred {
    type filter hook forward priority -20; policy accept;
    ip daddr @barred goto refuse
  }
  chain to_barred_from_host {
    type filter hook output priority -20; policy accept;
    ip daddr @barred goto refuse
  }
}
`
}

/** Of nftables, family inet, on the engine's host. */
export function barrierName(instance: string): string {
  return `${tableName(instance)}_barrier`
}

/** For `nft -f -`: one transaction, on one line. What is barred already is barred for another minute; what is not barred may be lifted. */
export function barrierChange(instance: string, bar: readonly string[], lift: readonly string[]): string {
  const elements = (verb: string, addresses: readonly string[]) =>
    addresses.length === 0 ? '' : `${verb} element inet ${barrierName(instance)} barred { ${addresses.join(', ')} }; `
  const all = [...new Set([...bar, ...lift])]
  return elements('add', all) + elements('delete', all) + elements('add', bar)
}

/** Whoever has barred them is dead: an address may be another container's by now. */
export function liftAllCommand(instance: string): string {
  return `nft flush set inet ${barrierName(instance)} barred`
}

/** Loads the rules unless they are there as they were loaded. Inside the guard, any number of times at once. */
export function loadCommand(instance: string): string {
  const list = `nft --stateless list table inet ${tableName(instance)}`
  const barrier = `nft list chain inet ${barrierName(instance)} to_barred_from_host >/dev/null 2>&1`
  const rules = `${list} 2>/dev/null | cmp -s - /run/loaded || { printf %s "$RULES" | nft -f - && ${list} >/run/loaded; }`
  return `{ ${rules}; } && { ${barrier} || printf %s "$BARRIER" | nft -f -; }`
}

/** The body of Docker's "create a container" for it. No label of a tenant's container: it is none to any listing. */
export function guardOptions(instance: string) {
  const body = {
    Image: IMAGE,
    Env: [`RULES=${guardRules(instance)}`, `BARRIER=${barrierRules(instance)}`],
    // Whoever stops the guard wants its rules gone; whoever kills it does not get rid of them.
    Entrypoint: [
      ...['/bin/sh', '-c'],
      `trap 'nft delete table inet ${tableName(instance)}; nft delete table inet ${barrierName(instance)}; exit 0' TERM
       while :; do ${loadCommand(instance)}; sleep ${LOOK_EVERY} & wait $!; done`,
    ],
    HostConfig: {
      Init: true,
      NetworkMode: 'host',
      // Where the engine maps users (userns-remap), the host's network is not for mapped ones.
      UsernsMode: 'host',
      RestartPolicy: { Name: 'always' as const, MaximumRetryCount: 0 },
      Memory: 64 * 1024 ** 2,
      MemorySwap: 64 * 1024 ** 2,
      PidsLimit: 32,
      // The most that there are: whoever is to be cut off may be keeping all processors busy.
      CpuShares: 262_144,
      CapDrop: ['ALL'],
      CapAdd: ['NET_ADMIN'],
      SecurityOpt: ['no-new-privileges'],
      ReadonlyRootfs: true,
      Tmpfs: { '/run': 'size=1m' },
      LogConfig: { Type: 'json-file' as const, Config: { 'max-size': '1m', 'max-file': '1' } },
    },
  }
  const digest = createHash('sha256').update(JSON.stringify(body)).digest('hex').slice(0, 16)
  return { ...body, Labels: { [GUARD_LABEL]: instance, [SPEC_LABEL]: digest } }
}
