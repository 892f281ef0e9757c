import assert from 'node:assert/strict'
import { it } from 'node:test'
import { specOf } from '../../../../src/domain/pool.ts'
import type { Pool } from '../../../../src/domain/pool.ts'
import { podManifest } from '../../../../src/engine/kubernetes/pods/manifest.ts'
import { usernsProblem } from '../../../../src/engine/kubernetes/pods/userns.ts'
import { mark } from '../../../../lab/database-mark.ts'
import { pool } from '../../../../lab/rows.ts'
import { INSTANCE } from '../../../../lab/world.ts'

interface Manifest {
  readonly metadata: { readonly annotations: Record<string, string> }
  readonly spec: Record<string, unknown>
}

function manifest(some: Partial<Pool> = {}): Manifest {
  const spec = specOf(INSTANCE, pool(some), { number: 1, port: 2_201, generation: 3 })
  return podManifest(spec, { mark: mark(), nameservers: [] }) as Manifest
}

const LOST_NODE = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 60 },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 60 },
]

it('leaves the place of a pod to the cluster by default', () => {
  const { metadata, spec } = manifest()
  assert.deepEqual(spec['tolerations'], LOST_NODE)
  assert.deepEqual(['nodeSelector' in spec, 'hostUsers' in spec], [false, false])
  assert.equal('berth.userns' in metadata.annotations, false)
})

it('places a pod by the labels and tolerations of its pool', () => {
  const { spec } = manifest({
    nodes: { disktype: 'ssd', zone: 'a' },
    tolerations: [
      { key: 'gpu', value: 'yes', effect: 'NoSchedule' },
      { key: 'spot', value: null, effect: null },
    ],
  })
  assert.deepEqual(spec['nodeSelector'], { disktype: 'ssd', zone: 'a' })
  assert.deepEqual(spec['tolerations'], [
    ...LOST_NODE,
    { key: 'gpu', operator: 'Equal', value: 'yes', effect: 'NoSchedule' },
    { key: 'spot', operator: 'Exists' },
  ])
})

it('asks for users of its own, and remembers whether they are required', () => {
  for (const userns of ['required', 'try'] as const) {
    const { metadata, spec } = manifest({ userns })
    assert.deepEqual([spec['hostUsers'], metadata.annotations['berth.userns']], [false, userns])
  }
})

it('recognizes the users of the node, and of a user namespace', () => {
  assert.equal(usernsProblem('         0     131072      65536\n'), null)
  assert.equal(usernsProblem('         0     131072      1000\n      1000     200000      64536\n'), null)
  for (const map of ['         0          0 4294967295\n', '', 'cat: permission denied\n']) {
    assert.match(usernsProblem(map) ?? '', /^its pool has userns: required, and it has no user namespace of its own; /)
  }
})
