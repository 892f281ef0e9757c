/** Names containers on the engine, and describes the owner of a container. */
import { DEFAULT_INSTANCE } from '../../../domain/pool.ts'
import { readOwner } from '../../labels.ts'
import { shortId } from '../api/ids.ts'

/**
 * Returns Docker's name of a container: "alpine-1" in the default instance, "lab.alpine-1" in instance "lab". Names of
 * instances and pools have no dots, so the result is unique.
 */
export function engineName({ instance, name }: { readonly instance: string; readonly name: string }): string {
  return instance === DEFAULT_INSTANCE ? name : `${instance}.${name}`
}

interface AnyContainer {
  readonly id: string
  /** Docker's name, without the slash. */
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
}

/** Returns e.g. 'alpine-1 of instance "lab" (0123456789ab)', also for a container that Berth did not make. */
export function describeContainer({ id, name, labels }: AnyContainer): string {
  const owner = readOwner(labels)
  const what = owner ? `${owner.name} of instance "${owner.instance}"` : `container ${name}, which is not Berth's`
  return `${what} (${shortId(id)})`
}
