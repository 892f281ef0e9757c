import assert from 'node:assert/strict'
import { it } from 'node:test'
import { specOf } from '../../../../src/domain/pool.ts'
import { describeEnd } from '../../../../src/engine/kubernetes/pods/describe-end.ts'
import { podManifest } from '../../../../src/engine/kubernetes/pods/manifest.ts'
import { AGENT_ANNOTATION, CHECKED_ANNOTATION } from '../../../../src/engine/kubernetes/pods/marks.ts'
import { observe } from '../../../../src/engine/kubernetes/pods/observed.ts'
import type { Pod } from '../../../../src/engine/kubernetes/pods/types.ts'
import { mark } from '../../../../lab/database-mark.ts'
import { pool } from '../../../../lab/rows.ts'
import { INSTANCE } from '../../../../lab/world.ts'

/** Returns a running pod with these additional annotations. */
function running(further: Readonly<Record<string, string>>, containerID?: string): Pod {
  const spec = specOf(INSTANCE, pool(), { number: 1, port: 2_201, generation: 3 })
  const made = podManifest(spec, { mark: mark(), nameservers: [] }) as Pod
  const annotations = { ...made.metadata.annotations, ...further }
  return {
    ...made,
    metadata: { ...made.metadata, uid: '1f0c', creationTimestamp: '2026-11-30T12:00:00Z', annotations },
    spec: { ...made.spec, nodeName: 'node-a' },
    status: {
      phase: 'Running',
      containerStatuses: [{ name: 'box', ...(containerID && { containerID }), state: { running: {} } }],
    },
  }
}

it('a pod is dead when another container than the checked one runs in it', () => {
  const stateOf = (pod: Pod) => observe(pod, INSTANCE.name)?.state
  const agent = { [AGENT_ANNOTATION]: 'none' }
  assert.equal(stateOf(running({}, 'docker://1')), 'created')
  assert.equal(stateOf(running({ ...agent, [CHECKED_ANNOTATION]: 'docker://1' }, 'docker://1')), 'running')
  const again = running({ ...agent, [CHECKED_ANNOTATION]: 'docker://1' }, 'docker://2')
  assert.equal(stateOf(again), 'dead')
  assert.equal(describeEnd(again), 'its node has started it again, without its files')
})

it('a pod is running without a record of its container, or without its id from the runtime', () => {
  const stateOf = (pod: Pod) => observe(pod, INSTANCE.name)?.state
  assert.equal(stateOf(running({ [AGENT_ANNOTATION]: 'none' }, 'docker://1')), 'running')
  assert.equal(stateOf(running({ [AGENT_ANNOTATION]: 'none', [CHECKED_ANNOTATION]: '' })), 'running')
})
