import type { SettingChange } from '../domain/text/setting-change.ts'

/** A setting of berth.yml that a reload has changed. */
interface AppliedChange extends SettingChange {
  /** The change in words, on one line. */
  readonly description: string
}

/**
 * Reads berth.yml again and applies it. Returns what has changed; nothing is applied if it throws. `invalid_config`
 * lists every problem of the file, or every setting that only a restart applies. `by` names the caller in the log.
 */
export type Reload = (by: string) => Promise<readonly AppliedChange[]>
