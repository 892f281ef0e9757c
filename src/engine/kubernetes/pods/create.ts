import { setTimeout as sleep } from 'node:timers/promises'
import type { ContainerSpec } from '../../../domain/container.ts'
import { BerthError, hasCode } from '../../../domain/errors.ts'
import type { Observed } from '../../../ports/engine.ts'
import { podName } from './id.ts'
import { type ManifestOptions, podManifest } from './manifest.ts'
import { observe } from './observed.ts'
import type { Pods } from './pods.ts'
import type { Pod } from './types.ts'

const POLL_MS = 200
/** A later attempt would have too little of its deadline left. */
const MIN_CREATE_MS = 1_000

/**
 * Makes the pod of one generation, and returns it. If this database's manager has made exactly this generation and it
 * was never lent, returns that one. A request that timed out may have taken effect: the second one meets it by its
 * name.
 */
export async function createPod(pods: Pods, spec: ContainerSpec, options: ManifestOptions): Promise<Pod> {
  const name = podName(spec)
  const end = performance.now() + pods.deadlines.create
  for (;;) {
    const call = { what: `create ${spec.name}`, deadlineMs: end - performance.now() }
    const made = await pods.client.create<Pod>(pods.path(), podManifest(spec, options), call).catch(asConflict)
    if (made !== null) return made
    const holder = await pods.named(name)
    const observed = holder && observe(holder, spec.instance)
    if (holder && observed?.state !== 'removing' && holder.metadata.deletionTimestamp === undefined) {
      assertSame(spec, observed, options.mark.id)
      return holder
    }
    // The object of an earlier pod is still there.
    if (performance.now() + MIN_CREATE_MS > end) throw conflict(spec, 'a pod that is being deleted')
    await sleep(POLL_MS)
  }
}

function asConflict(error: unknown): null {
  if (hasCode(error, 'engine_conflict')) return null
  throw error
}

function assertSame(spec: ContainerSpec, observed: Observed | null, database: string): void {
  if (observed === null) throw conflict(spec, 'a pod that is not of this instance')
  if (observed.database !== database) throw conflict(spec, `a container of ${observed.origin ?? 'another database'}`)
  if (observed.lentTo !== null) throw conflict(spec, `a container that was lent to reservation ${observed.lentTo}`)
  const isSame = observed.pool === spec.pool && observed.generation === spec.generation
  if (!isSame) throw conflict(spec, `generation ${observed.generation ?? 'unknown'} (${observed.id})`)
}

/** `holder` describes what has the name. */
export function conflict(spec: ContainerSpec, holder: string): BerthError {
  return new BerthError('engine_conflict', `create ${spec.name}: the pod ${podName(spec)} is ${holder}`)
}
