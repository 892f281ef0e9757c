/** Ends pods: kills what runs in them. */
import { setTimeout as sleep } from 'node:timers/promises'
import { BerthError, hasCode } from '../../../domain/errors.ts'
import { parseId } from './id.ts'
import { GRACE_SECONDS } from './manifest.ts'
import { isGone } from './observed.ts'
import type { Pods } from './pods.ts'

const POLL_MS = 50
const MAX_POLL_MS = 1_000

/**
 * Deletes a pod, and resolves when its kubelet has reported that nothing of it runs, or its object is gone. Never with
 * a grace period of 0, which removes the object whether or not the processes are dead.
 */
export async function endPod(pods: Pods, id: string, deadlineMs: number): Promise<void> {
  const end = performance.now() + deadlineMs
  if (!(await deletePod(pods, id, deadlineMs))) return
  for (let pause = POLL_MS; ; pause = Math.min(pause * 1.5, MAX_POLL_MS)) {
    const pod = await pods.find(id)
    if (pod === null || isGone(pod)) return
    if (performance.now() > end) {
      throw new BerthError('engine_unavailable', `kill ${id}: its node does not confirm it within ${deadlineMs} ms`)
    }
    await sleep(pause)
  }
}

/** Returns false when there is no such pod any more. */
export async function deletePod(pods: Pods, id: string, deadlineMs: number): Promise<boolean> {
  const parsed = parseId(id)
  if (parsed === null) return false
  const { name, uid } = parsed
  const options = { gracePeriodSeconds: GRACE_SECONDS, preconditions: { uid } }
  const call = { what: `delete ${name}`, deadlineMs }
  return pods.client.delete(pods.path(name), options, call).catch((error: unknown) => {
    // Another pod has the name: this one is gone.
    if (hasCode(error, 'engine_conflict')) return false
    throw error
  })
}
