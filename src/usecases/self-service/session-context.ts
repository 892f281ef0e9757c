import type { SessionContext } from '../../domain/session/texts.ts'
import type { Pool } from '../../domain/pool.ts'
import type { Engine } from '../../ports/engine.ts'

/**
 * Returns what a tenant can do from inside these containers, by their engine ids. `pool` is undefined if berth.yml
 * no longer has it. Never rejects: a container that cannot be asked counts as one without session commands.
 */
export async function sessionContextOf(
  { lines }: Pick<Engine, 'lines'>,
  pool: Pool | undefined,
  ids: readonly string[],
): Promise<SessionContext> {
  const selfService = pool?.selfService ?? false
  if (lines === undefined) return { hasCommands: false, selfService }
  const relays = await Promise.all(ids.map((id) => lines.hasRelay(id).catch(() => false)))
  return { hasCommands: relays.every(Boolean), selfService }
}
