import assert from 'node:assert/strict'
import { it } from 'node:test'
import { describeNode, parseQuantity } from '../../../../src/engine/kubernetes/nodes/describe.ts'
import type { Node } from '../../../../src/engine/kubernetes/nodes/types.ts'

const SINCE = '2026-11-30T10:00:00Z'

function node(
  some: { ready?: 'True' | 'False' | 'Unknown'; spec?: Node['spec']; labels?: Record<string, string> } = {},
) {
  const { ready, spec = {}, labels = {} } = some
  const metadata = { name: 'n1', uid: 'u', resourceVersion: '1', creationTimestamp: SINCE, labels }
  const conditions = [
    { type: 'MemoryPressure', status: 'False', lastTransitionTime: '2026-11-30T09:00:00Z' },
    ...(ready ? [{ type: 'Ready', status: ready, lastTransitionTime: SINCE }] : []),
  ]
  const allocatable = { cpu: '1930m', memory: '16Gi', pods: '110', 'ephemeral-storage': '47093746742' }
  return describeNode({ metadata, spec, status: { conditions, allocatable } })
}

it('describes a node that is ready', () => {
  const room = { cpus: 1.93, memory: 16 * 2 ** 30, containers: 110 }
  const expected = { name: 'n1', isReachable: true, unreachableSince: null, isCordoned: false, labels: {}, room }
  assert.deepEqual(node({ ready: 'True' }), expected)
})

it('counts a node as unreachable unless its kubelet reports that it is ready', () => {
  for (const ready of ['False', 'Unknown'] as const) {
    const { isReachable, unreachableSince } = node({ ready })
    assert.deepEqual([isReachable, unreachableSince], [false, Date.parse(SINCE)])
  }
  const { isReachable, unreachableSince } = node()
  assert.deepEqual([isReachable, unreachableSince], [false, null], 'its kubelet has never reported')
})

it('shows a cordon', () => {
  assert.equal(node({ spec: { unschedulable: true } }).isCordoned, true)
  assert.equal(node({ spec: { unschedulable: false } }).isCordoned, false)
})

it('shows the labels of operators, and those of the system that say where a node is and what it is for', () => {
  const shown = {
    disktype: 'ssd',
    'example.org/gpu': 'yes',
    'topology.kubernetes.io/zone': 'a',
    'node.kubernetes.io/instance-type': 'large',
    'node-role.kubernetes.io/control-plane': '',
  }
  const hidden = {
    'kubernetes.io/hostname': 'n1',
    'beta.kubernetes.io/os': 'linux',
    'node.kubernetes.io/exclude-from-external-load-balancers': '',
    'failure-domain.beta.kubernetes.io/zone': 'a',
  }
  assert.deepEqual(node({ labels: { ...shown, ...hidden } }).labels, shown)
})

it('reads quantities', () => {
  const cases: [string, number | null][] = [
    ['2', 2],
    ['0.5', 0.5],
    ['.5', 0.5],
    ['250m', 0.25],
    ['1Ki', 1024],
    ['8009840Ki', 8_009_840 * 1024],
    ['1G', 1e9],
    ['1e3', 1_000],
    ['12E', 12e18],
    ['', null],
    ['1 Gi', null],
    ['1Xi', null],
    ['-1', null],
  ]
  for (const [text, expected] of cases) assert.equal(parseQuantity(text), expected, text)
})

it('describes a node without figures', () => {
  const metadata = { name: 'n1', uid: 'u', resourceVersion: '1', creationTimestamp: SINCE }
  assert.equal(describeNode({ metadata, spec: {}, status: {} }).room, null)
})
