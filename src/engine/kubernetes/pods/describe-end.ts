import { reasonOf } from '../../../domain/errors.ts'
import { hasStartedAgain } from './observed.ts'
import type { Pod } from './types.ts'

/** From here on, an exit code is 128 and the number of a signal. */
const SIGNALLED = 128

/** Returns how a pod has ended, e.g. "Evicted: the node was low on resource: ephemeral-storage". */
export function describeEnd(pod: Pod): string {
  const { status } = pod
  if (hasStartedAgain(pod)) return 'its node has started it again, without its files'
  if (status.reason) return status.message ? `${status.reason}: ${status.message}` : status.reason
  const { terminated } = status.containerStatuses?.[0]?.state ?? {}
  if (terminated === undefined) return 'it has ended'
  const { exitCode, reason, message = '' } = terminated
  const memory = reason === 'OOMKilled' ? ' (out of memory)' : ''
  const how = exitCode > SIGNALLED ? `was killed by signal ${exitCode - SIGNALLED}` : `ended with code ${exitCode}`
  const last = message.split('\n').findLast((line) => line.trim() !== '')
  return `the image's command ${how}${memory}${last === undefined ? ', and wrote nothing' : `; it said: ${reasonOf(last)}`}`
}
