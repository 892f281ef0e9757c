/** Applies berth.yml to a running manager, all or nothing. */
import { changesBetween } from './config/changes.ts'
import type { Config } from './config/config.ts'
import type { LiveConfig } from './config/live-config.ts'
import { BerthError } from './domain/errors.ts'
import type { Pools } from './domain/pools.ts'
import { describeChange, type SettingChange } from './domain/text/setting-change.ts'
import type { LeveledLog } from './log/log.ts'
import type { Reload } from './ports/reload.ts'

interface ReloadDeps {
  readonly live: LiveConfig
  readonly pools: Pools
  readonly log: LeveledLog
  /** Reads the file that is in use, with the same environment. */
  readonly reread: () => Config
  /** Throws `invalid_config` if the engine cannot enforce a limit of these settings. */
  readonly assertEnforceable: (config: Config) => Promise<void>
  /** Called after a change that must be reconciled. */
  readonly onChange: () => void
}

/** Returns the function that reloads. It runs reloads one at a time, in the order of its calls. */
export function createReload(deps: ReloadDeps): Reload {
  let latest: Promise<unknown> = Promise.resolve()
  return (by) => {
    const reload = latest.then(() => rereadAndApply(by, deps))
    latest = reload.catch(() => undefined)
    return reload
  }
}

async function rereadAndApply(by: string, deps: ReloadDeps): ReturnType<Reload> {
  const config = deps.reread()
  await deps.assertEnforceable(config)
  return apply(config, by, deps)
}

/** Applies the settings. Synchronous, so that a request sees either the old ones or the new ones. */
function apply(next: Config, by: string, { live, pools, log, onChange }: ReloadDeps): Awaited<ReturnType<Reload>> {
  const { file } = live.current
  const { live: changes, restart } = changesBetween(live.current, next)
  if (restart.length > 0) throw needsRestart(file, restart)
  live.current = next
  pools.configure(next.pools)
  log.setLevel(next.log.level)
  onChange()
  const applied = changes.map((change) => ({ ...change, description: describe(change, pools) }))
  const summary = applied.map(({ description }) => description).join('; ') || 'nothing in it has changed'
  log.info(`reloaded ${file}, by ${by}: ${summary}`, { by, changes })
  return applied
}

/** Describes a change. Adds the size in effect if an admin has set another one than berth.yml. */
function describe(change: SettingChange, pools: Pools): string {
  const text = describeChange(change)
  const pool = pools.all().find(({ name }) => [`pools.${name}`, `pools.${name}.size`].includes(change.path))
  if (!pool || pool.size === pools.configured(pool.name)?.size) return text
  return `${text}; berth scale has set ${pool.size}, until \`berth scale ${pool.name} default\``
}

function needsRestart(file: string, changes: readonly SettingChange[]): BerthError {
  const violations = changes.map(({ path, before, after }) => ({
    path,
    message: `needs a restart: ${before ?? 'not set'} -> ${after ?? 'not set'}`,
  }))
  const lines = violations.map(({ path, message }) => `\n  ${path}: ${message}`)
  const advice = 'Nothing was applied: restart the manager, or undo these changes and reload'
  return new BerthError('invalid_config', `${file} changes what only a restart applies:${lines.join('')}\n${advice}`, {
    violations,
  })
}
