/**
 * Records in the pod itself to which reservation it is lent. Later managers see that, including those with another
 * database, and the record is gone exactly when the container is.
 */
import { hasCode } from '../../../domain/errors.ts'
import { HELD_LABEL, LENT_ANNOTATION } from './marks.ts'
import { parseId } from './id.ts'
import type { Pods } from './pods.ts'

/** Returns the reservation that has the container: this one, or the one that it was lent to before. */
export async function lendPod(pods: Pods, id: string, reservation: string): Promise<string> {
  const parsed = parseId(id)
  if (parsed === null) return reservation
  const lent = `/metadata/annotations/${LENT_ANNOTATION}`
  const patch = [
    { op: 'test', path: '/metadata/uid', value: parsed.uid },
    { op: 'test', path: lent, value: '' },
    { op: 'replace', path: lent, value: reservation },
    { op: 'add', path: `/metadata/labels/${HELD_LABEL}`, value: 'true' },
  ]
  const call = { what: `lend ${parsed.name}`, deadlineMs: pods.deadlines.lend }
  try {
    await pods.client.patch(pods.path(parsed.name), 'json', patch, call)
    return reservation
  } catch (error) {
    // A test that fails is refused as invalid.
    if (!hasCode(error, 'engine_failed')) throw error
    const pod = await pods.find(id)
    // Gone: what is done in it fails.
    if (pod === null) return reservation
    const holder = pod.metadata.annotations?.[LENT_ANNOTATION]
    if (holder) return holder
    throw error
  }
}
