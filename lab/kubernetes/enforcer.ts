/**
 * Enforces NetworkPolicies on the nodes, as a cluster's network plugin does: rules of nftables, which are renewed when
 * policies or pods change. Knows only what Berth's policies use: equal labels, blocks of IPv4 addresses, and ports.
 */
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { readKubeconfig } from '../../src/engine/kubernetes/api/access/kubeconfig.ts'
import { KubernetesClient } from '../../src/engine/kubernetes/api/client.ts'
import type { KubernetesObject } from '../../src/engine/kubernetes/api/types.ts'
import type { Pod } from '../../src/engine/kubernetes/pods/types.ts'
import type { Node } from './node.ts'

const INTERVAL_MS = 300
const DEADLINE_MS = 5_000
/** Fetched by scripts/test-tools. */
export const NFT = fileURLToPath(new URL('../../node_modules/.cache/test-tools/bin/nft', import.meta.url))
const TABLE = 'berth_policies'
const REMOVAL = `table inet ${TABLE} {}\ndelete table inet ${TABLE}`
/** Traffic between two pods of a node is bridged. The hook of routed traffic sees it, too, which knows connections. */
const APPLY = 'echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables; "$0" "$1"'

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>
}

interface Peer {
  readonly podSelector?: Selector
  readonly namespaceSelector?: Selector
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] }
}

interface Rule {
  readonly from?: readonly Peer[]
  readonly to?: readonly Peer[]
  readonly ports?: readonly { readonly protocol: string; readonly port: number }[]
}

interface Policy extends KubernetesObject {
  readonly spec: {
    readonly podSelector: Selector
    readonly policyTypes: readonly string[]
    readonly ingress?: readonly Rule[]
    readonly egress?: readonly Rule[]
  }
}

interface State {
  readonly pods: readonly Pod[]
  readonly namespaces: readonly KubernetesObject[]
  readonly policies: readonly Policy[]
}

/** Resolves when the present policies are enforced. Returns a function that ends this. */
export async function enforce(nodes: readonly Node[], kubeconfig: string): Promise<() => Promise<void>> {
  const options = { context: null, environment: {}, clock: () => Date.now() }
  const client = new KubernetesClient(await readKubeconfig(kubeconfig, options))
  const applied = new Map<Node, string>()
  const apply = async () => {
    const rules = rulesOf(await read(client))
    for (const node of nodes) {
      // A node that is off loses its rules, and must get them again.
      if (!node.isOn) applied.delete(node)
      else if (applied.get(node) !== rules) {
        await node.run('sh', '-euc', APPLY, NFT, `${REMOVAL}\ntable inet ${TABLE} {\n${rules}\n}`)
        applied.set(node, rules)
      }
    }
  }
  await apply()
  const control = new AbortController()
  const { signal } = control
  const run = async () => {
    while (!signal.aborted) {
      // Nodes and the API server are killed by tests.
      await apply().catch(() => applied.clear())
      await sleep(INTERVAL_MS, undefined, { signal, ref: false }).catch(() => undefined)
    }
  }
  const running = run()
  return async () => {
    control.abort()
    await running
    client.close()
    for (const node of nodes) await node.run(NFT, REMOVAL).catch(() => undefined)
  }
}

async function read(client: KubernetesClient): Promise<State> {
  const list = <T>(path: string) => client.list<T>(path, {}, { what: `list ${path}`, deadlineMs: DEADLINE_MS })
  const [pods, namespaces, policies] = await Promise.all([
    list<Pod>('/api/v1/pods'),
    list<KubernetesObject>('/api/v1/namespaces'),
    list<Policy>('/apis/networking.k8s.io/v1/networkpolicies'),
  ])
  return { pods, namespaces, policies }
}

/** Only what a node forwards is filtered, so a pod and its own node always reach each other. */
function rulesOf(state: State): string {
  const chains: string[] = []
  const jumps: string[] = []
  for (const pod of state.pods) {
    const address = addressOf(pod)
    const policies = state.policies.filter((policy) => isOf(policy, pod) && selects(policy.spec.podSelector, pod))
    for (const [type, side, other] of [['Egress', 'saddr', 'daddr'] as const, ['Ingress', 'daddr', 'saddr'] as const]) {
      const limiting = policies.filter(({ spec }) => spec.policyTypes.includes(type))
      if (address === null || limiting.length === 0) continue
      const chain = `${type}_${address.replaceAll('.', '_')}`
      const allowed = limiting.flatMap((policy) =>
        (policy.spec[type === 'Egress' ? 'egress' : 'ingress'] ?? []).flatMap((rule) =>
          matchesOf(rule, other, policy, state),
        ),
      )
      chains.push(`chain ${chain} {`, ...allowed.map((match) => `${match} return`), 'drop', '}')
      jumps.push(`ip ${side} ${address} jump ${chain}`)
    }
  }
  const hook = 'type filter hook forward priority 0; policy accept;'
  return [...chains, 'chain forward {', hook, 'ct state established,related accept', ...jumps, '}'].join('\n')
}

/** Returns what packets match a rule; `side` is the field with the address of the other end. */
function matchesOf({ from, to, ports }: Rule, side: string, policy: Policy, state: State): string[] {
  const peers = from ?? to
  const addresses = peers?.flatMap((peer) => peerMatches(peer, side, policy, state)) ?? ['']
  const services = ports?.map(({ protocol, port }) => `${protocol.toLowerCase()} dport ${port}`) ?? ['']
  return addresses.flatMap((address) => services.map((service) => `${address} ${service}`.trim()))
}

function peerMatches({ ipBlock, podSelector, namespaceSelector }: Peer, side: string, policy: Policy, state: State) {
  if (ipBlock) {
    const { cidr, except = [] } = ipBlock
    if (cidr.includes(':')) return []
    return [`ip ${side} ${cidr}${except.length > 0 ? ` ip ${side} != { ${except.join(', ')} }` : ''}`]
  }
  const matching = state.namespaces.filter((namespace) => namespaceSelector && selects(namespaceSelector, namespace))
  const names = namespaceSelector ? matching.map(({ metadata }) => metadata.name) : [policy.metadata.namespace]
  const pods = state.pods.filter((pod) => names.includes(pod.metadata.namespace) && selects(podSelector ?? {}, pod))
  return pods.flatMap((pod) => addressOf(pod) ?? []).map((address) => `ip ${side} ${address}`)
}

/** Returns null before it has an address of its own, and after its end, when another pod may have the address. */
function addressOf({ status }: Pod): string | null {
  return status.phase === 'Running' || status.phase === 'Pending' ? (status.podIP ?? null) : null
}

function isOf(policy: Policy, pod: Pod): boolean {
  return policy.metadata.namespace === pod.metadata.namespace
}

function selects({ matchLabels = {} }: Selector, { metadata: { labels = {} } }: KubernetesObject): boolean {
  return Object.entries(matchLabels).every(([name, value]) => labels[name] === value)
}
