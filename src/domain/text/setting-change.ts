/** One setting that differs between two readings of berth.yml. */
export interface SettingChange {
  /** Path in berth.yml, such as "pools.lab.size"; "pools.lab" for a new or removed pool. */
  readonly path: string
  /** The value as it would be written in berth.yml; null: not set. A pool is described in words. */
  readonly before: string | null
  readonly after: string | null
}

/** Returns e.g. "pools.lab.size: 4 -> 6", or "pools.lab: new, 4 containers of berth/box". */
export function describeChange({ path, before, after }: SettingChange): string {
  if (before === null) return `${path}: new, ${after}`
  if (after === null) return `${path}: removed (${before})`
  return `${path}: ${before} -> ${after}`
}
