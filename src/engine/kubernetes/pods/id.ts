/**
 * Ids of containers: name and uid of their pod. The name is part of every path, and the uid tells a pod from a later
 * one of the same name.
 */
import type { KubernetesObject } from '../api/types.ts'

export interface PodId {
  readonly name: string
  readonly uid: string
}

/** Returns the engine's id of a container, e.g. "alpine-3-g37/1f0c7a51-…". */
export function idOf({ metadata: { name, uid } }: KubernetesObject): string {
  return `${name}/${uid}`
}

/** Returns null for a text that is no id. */
export function parseId(id: string): PodId | null {
  const [, name, uid] = /^([a-z0-9][-a-z0-9.]*)\/([-0-9a-f]+)$/.exec(id) ?? []
  return name !== undefined && uid !== undefined ? { name, uid } : null
}

/**
 * Returns the name of a generation's pod. Each generation has a name of its own: it need not wait until the object of
 * the previous one is gone, and a late call to that one never reaches it.
 */
export function podName({ name, generation }: { readonly name: string; readonly generation: number | null }): string {
  return `${name}-g${generation ?? 0}`
}
