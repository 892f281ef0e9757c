/** Settings of a pool that only an engine of several nodes has. */

export const TOLERATION_EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] as const

/** Lets containers run on nodes that have a matching taint. */
export interface Toleration {
  readonly key: string
  /** null: any value. */
  readonly value: string | null
  /** null: any effect. */
  readonly effect: (typeof TOLERATION_EFFECTS)[number] | null
}

/** `required`: a container that has no user namespace of its own does not start. `try`: it starts nevertheless. */
export const USERNS = ['required', 'try'] as const

/**
 * Absent where they are not set, and not null: the digest of a spec counts every field, so a new one would replace all
 * containers of earlier versions.
 */
export interface ClusterSettings {
  /** Labels that a node must have, sorted by key. */
  readonly nodes?: Readonly<Record<string, string>>
  readonly tolerations?: readonly Toleration[]
  /** Whether root in a container is another user on its node. */
  readonly userns?: (typeof USERNS)[number]
}

/** Returns only those that are set. */
export function clusterSettings(of: { readonly [K in keyof ClusterSettings]?: ClusterSettings[K] | undefined }) {
  const { nodes, tolerations, userns } = of
  const set: ClusterSettings = {
    ...(nodes && { nodes }),
    ...(tolerations && { tolerations }),
    ...(userns && { userns }),
  }
  return set
}
