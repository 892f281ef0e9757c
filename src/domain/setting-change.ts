/** One setting that differs between two readings of berth.yml. */
export interface SettingChange {
  /** Path in berth.yml, such as "pools.lab.size"; "pools.lab" for a new or removed pool. */
  readonly path: string
  /** As it would be written in berth.yml; null: not set. A pool is described in words. */
  readonly before: string | null
  readonly after: string | null
}

/** A change that is in effect. */
export interface AppliedChange extends SettingChange {
  /** For people, on one line. */
  readonly description: string
}

/** "pools.lab.size: 4 -> 6", "pools.lab: new, 4 containers of berth/box", "pools.old: removed (4 containers …)" */
export function describeChange({ path, before, after }: SettingChange): string {
  if (before === null) return `${path}: new, ${after}`
  if (after === null) return `${path}: removed (${before})`
  return `${path}: ${before} -> ${after}`
}
