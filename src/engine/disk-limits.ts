/** Refuses a berth.yml with limits that the engine cannot enforce. */
import { BerthError, hasCode, type Violation } from '../domain/errors.ts'
import { diskSpecOf, type InstanceConfig, type Pool } from '../domain/pool.ts'
import type { Engine } from '../ports/engine.ts'

interface LimitedConfig {
  /** Path of the berth.yml. */
  readonly file: string
  readonly instance: InstanceConfig
  readonly pools: readonly Pool[]
}

/**
 * Throws `invalid_config` with every pool whose `disk` the engine cannot limit. While the engine does not answer, it
 * checks nothing: the creation of a container reports the same.
 */
export async function assertDiskLimits(
  engine: Pick<Engine, 'diskProblem'>,
  { file, instance, pools }: LimitedConfig,
): Promise<void> {
  const violations: Violation[] = []
  for (const pool of pools.filter(({ disk }) => disk !== null)) {
    const problem = await engine.diskProblem(diskSpecOf(instance, pool)).catch((error: unknown) => {
      if (hasCode(error, 'engine_unavailable')) return null
      throw error
    })
    if (problem !== null) violations.push({ path: `pools.${pool.name}.disk`, message: problem })
  }
  if (violations.length === 0) return
  const lines = violations.map(({ path, message }) => `\n  ${path}: ${message}`)
  throw new BerthError('invalid_config', `${file} cannot be used:${lines.join('')}`, { violations })
}
