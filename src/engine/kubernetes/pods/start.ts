/** Waits until a pod runs. Kubernetes places and starts it by itself once it was created. */
import { setTimeout as sleep } from 'node:timers/promises'
import { BerthError } from '../../../domain/errors.ts'
import type { Clock } from '../../../ports/clock.ts'
import { describeEnd } from './describe-end.ts'
import { hasStartedAgain, isRunning } from './observed.ts'
import type { Pods } from './pods.ts'
import type { Pod } from './types.ts'
import { assertUserns } from './userns.ts'

const POLL_MS = 100
const MAX_POLL_MS = 1_000
/**
 * Maximum age of a pod that no node can run yet: an earlier pod, which is being removed, may still take the room. A
 * longer wait would keep other containers of the manager waiting.
 */
const MAX_UNSCHEDULABLE_MS = 5_000

/** Reasons of a container that waits for an image that its node does not have and cannot pull. */
const IMAGE_REASONS = ['ErrImageNeverPull', 'ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ImageInspectError']
/** Reasons of a container that cannot be made or started. */
const FAILURE_REASONS = ['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError']

/**
 * Returns the pod when it runs. Throws `image_missing`; `engine_failed` when it cannot run, has run before, or lacks
 * the user namespace that it must have; `engine_unavailable` after the deadline. A pod that no node can run stays: a
 * node may be added for it, and a later call finds it running.
 */
export async function waitUntilRunning(pods: Pods, id: string, clock: Clock): Promise<Pod> {
  const begin = performance.now()
  for (let pause = POLL_MS; ; pause = Math.min(pause * 1.2, MAX_POLL_MS)) {
    const pod = await pods.find(id)
    if (pod === null || pod.metadata.deletionTimestamp !== undefined) {
      throw new BerthError('engine_failed', `start ${id}: no such container`)
    }
    if (isRunning(pod)) {
      // While the other container was being made, the pod looked like one that has never run.
      if (hasStartedAgain(pod)) throw failed(pod.metadata.name, describeEnd(pod))
      await assertUserns(pods, pod)
      return pod
    }
    const waited = performance.now() - begin
    assertMayRun(pod)
    // The age counts too, because an earlier call may have waited for this pod.
    assertSchedulable(pod, Math.max(waited, clock() - Date.parse(pod.metadata.creationTimestamp)))
    if (waited > pods.deadlines.start) {
      throw new BerthError('engine_unavailable', `start ${id}: it does not run after ${Math.round(waited / 1_000)} s`)
    }
    await sleep(pause)
  }
}

function assertMayRun(pod: Pod): void {
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
}

function assertSchedulable({ metadata, spec: { nodeSelector }, status }: Pod, ageMs: number): void {
  const placed = status.conditions?.find(({ type }) => type === 'PodScheduled')
  if (placed?.reason !== 'Unschedulable' || ageMs < MAX_UNSCHEDULABLE_MS) return
  const labels = Object.entries(nodeSelector ?? {}).map(([key, value]) => `${key}=${value}`)
  const required = labels.length > 0 ? `; its pool requires nodes with ${labels.join(', ')}` : ''
  throw failed(metadata.name, `no node can run it: ${placed.message ?? 'no reason is given'}${required}`)
}

function failed(name: string, why: string): BerthError {
  return new BerthError('engine_failed', `start ${name}: ${why}`)
}
