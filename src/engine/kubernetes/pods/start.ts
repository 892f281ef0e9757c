/** Waits until a pod runs. Kubernetes places and starts it by itself once it was created. */
import { setTimeout as sleep } from 'node:timers/promises'
import { BerthError } from '../../../domain/errors.ts'
import { describeEnd } from './describe-end.ts'
import { isRunning } from './observed.ts'
import type { Pods } from './pods.ts'
import type { Pod } from './types.ts'
import { assertUserns } from './userns.ts'

const POLL_MS = 100
const MAX_POLL_MS = 1_000
/** For this long a cluster may add a node for a pod that has no room. */
const MAX_UNSCHEDULABLE_MS = 20_000

/** Reasons of a container that waits for an image that its node does not have and cannot pull. */
const IMAGE_REASONS = ['ErrImageNeverPull', 'ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ImageInspectError']
/** Reasons of a container that cannot be made or started. */
const FAILURE_REASONS = ['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError']

/** Throws `image_missing`, and `engine_failed` when it cannot run or lacks the user namespace that it must have. */
export async function waitUntilRunning(pods: Pods, id: string): Promise<Pod> {
  const begin = performance.now()
  for (let pause = POLL_MS; ; pause = Math.min(pause * 1.2, MAX_POLL_MS)) {
    const pod = await pods.find(id)
    if (pod === null || pod.metadata.deletionTimestamp !== undefined) {
      throw new BerthError('engine_failed', `start ${id}: no such container`)
    }
    if (isRunning(pod)) {
      await assertUserns(pods, pod)
      return pod
    }
    const waited = performance.now() - begin
    assertMayRun(pod, waited)
    if (waited > pods.deadlines.start) {
      throw new BerthError('engine_unavailable', `start ${id}: it does not run after ${Math.round(waited / 1_000)} s`)
    }
    await sleep(pause)
  }
}

function assertMayRun(pod: Pod, waitedMs: number): void {
  const { metadata, spec, status } = pod
  const image = spec.containers[0]?.image ?? ''
  const { waiting } = status.containerStatuses?.[0]?.state ?? {}
  const reason = waiting?.reason ?? ''
  if (IMAGE_REASONS.includes(reason)) {
    throw new BerthError(
      'image_missing',
      `the node ${spec.nodeName} has no image ${image}: ${waiting?.message ?? reason}`,
    )
  }
  if (FAILURE_REASONS.includes(reason)) throw failed(metadata.name, waiting?.message ?? reason)
  if (status.phase === 'Failed' || status.phase === 'Succeeded') throw failed(metadata.name, describeEnd(pod))
  const placed = status.conditions?.find(({ type }) => type === 'PodScheduled')
  if (placed?.reason === 'Unschedulable' && waitedMs > MAX_UNSCHEDULABLE_MS) {
    throw failed(metadata.name, `no node has room for it: ${placed.message ?? 'no reason is given'}`)
  }
}

function failed(name: string, why: string): BerthError {
  return new BerthError('engine_failed', `start ${name}: ${why}`)
}
