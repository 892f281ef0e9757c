/** What the API server reports about a node, for admins. */
import type { EngineNode, NodeRoom } from '../../../ports/engine-node.ts'
import { isReady } from '../api/ready.ts'
import type { Node } from './types.ts'

/**
 * Prefixes of labels that kubelets, clouds and distributions set on each node. Of these, only `SHOWN` say anything
 * about where a container may run.
 */
const SET_BY_SYSTEM = /^([\w.-]+\.)?(kubernetes|k8s)\.io\//
const SHOWN = /^(topology\.kubernetes\.io\/|node\.kubernetes\.io\/instance-type$|node-role\.kubernetes\.io\/)/

/** Bytes by suffix of a quantity. */
const UNITS: Readonly<Record<string, number>> = {
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
}

export function describeNode(node: Node): EngineNode {
  const { metadata, spec, status } = node
  const isReachable = isReady(node)
  const labels = Object.entries(metadata.labels ?? {}).filter(([key]) => !SET_BY_SYSTEM.test(key) || SHOWN.test(key))
  return {
    name: metadata.name,
    isReachable,
    unreachableSince: isReachable ? null : sinceOf(node),
    isCordoned: spec.unschedulable === true,
    labels: Object.fromEntries(labels),
    room: roomOf(status.allocatable),
  }
}

function sinceOf({ status }: Node): number | null {
  const at = Date.parse(status.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime ?? '')
  return Number.isNaN(at) ? null : at
}

function roomOf(allocatable: Node['status']['allocatable'] = {}): NodeRoom | null {
  const [cpus, memory, containers] = ['cpu', 'memory', 'pods'].map((what) => parseQuantity(allocatable[what]))
  if (cpus == null || memory == null || containers == null) return null
  return { cpus, memory, containers }
}

/** Parses a quantity: "1930m" is 1.93, "16Gi" is 17179869184. Returns null for other texts. */
export function parseQuantity(text = ''): number | null {
  const [, amount, exponent = '0', unit = ''] =
    /^(\d+(?:\.\d*)?|\.\d+)(?:[eE]([+-]?\d+)|([A-Za-z]+))?$/.exec(text) ?? []
  const factor = UNITS[unit]
  return amount === undefined || factor === undefined ? null : Number(amount) * 10 ** Number(exponent) * factor
}
