/** A setting of berth.yml that a reload has changed. */
interface AppliedChange {
  /** Path in berth.yml, such as "pools.lab.size"; "pools.lab" for a new or removed pool. */
  readonly path: string
  /** As it would be written in berth.yml; null: not set. A pool is described in words. */
  readonly before: string | null
  readonly after: string | null
  /** The change in words, on one line. */
  readonly description: string
}

/**
 * Reads berth.yml again and applies it. Returns what has changed; nothing is applied if it throws. `invalid_config`
 * lists every problem of the file, or every setting that only a restart applies. `by` names the caller in the log.
 */
export type Reload = (by: string) => Promise<readonly AppliedChange[]>
