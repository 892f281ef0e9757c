/**
 * Checks from inside that a pod has a user namespace of its own. A cluster that does not know `hostUsers` drops the
 * field, and runs the pod without one.
 */
import { BerthError } from '../../../domain/errors.ts'
import { idOf } from './id.ts'
import { USERNS_ANNOTATION } from './marks.ts'
import type { Pods } from './pods.ts'
import type { Pod } from './types.ts'

/** Maps user 0 to user 0, and so on for all: the processes are in the namespace of their node. */
const IDENTITY = /^\s*0\s+0\s+4294967295\s*$/

/** Throws `engine_failed` when the pool has `userns: required` and the processes have the users of the node. */
export async function assertUserns(pods: Pods, pod: Pod): Promise<void> {
  const { name, annotations = {} } = pod.metadata
  if (annotations[USERNS_ANNOTATION] !== 'required') return
  const request = { command: ['cat', '/proc/self/uid_map'], timeoutMs: pods.deadlines.inspect }
  const { code, stdout, stderr } = await pods.client.exec(pods.target(idOf(pod)), request, `read the users of ${name}`)
  const problem = code === 0 ? usernsProblem(stdout) : `its users cannot be read: ${stderr.trim() || `code ${code}`}`
  if (problem !== null) throw new BerthError('engine_failed', `start ${name}: ${problem}`)
}

/** Returns why a uid_map is not that of a user namespace of its own; null if it is. */
export function usernsProblem(uidMap: string): string | null {
  if (/^\s*\d+\s+\d+\s+\d+\s*$/m.test(uidMap) && !IDENTITY.test(uidMap)) return null
  const advice = 'the cluster must support hostUsers: false on its nodes; or set userns: try'
  return `its pool has userns: required, and it has no user namespace of its own; ${advice}`
}
