/** Makes the image of a pool with `prepare_image`: runs the playbook in a temporary container, and commits that. */
import { BerthError } from '../../domain/errors.ts'
import { imageSpecOf, type InstanceConfig, type Pool } from '../../domain/pool.ts'
import type { Accounts, Target } from '../../ports/accounts.ts'
import type { Engine, Observed } from '../../ports/engine.ts'
import type { MissingImage } from '../plan/actions.ts'
import type { Surveyor } from './surveyor.ts'

export interface ImageMakerDeps {
  readonly instance: InstanceConfig
  readonly engine: Engine
  readonly accounts: Accounts
  readonly surveyor: Surveyor
  /** Returns the name that the image would have if it were begun now. */
  readonly nameOf: (pool: Pool) => Promise<string | null>
}

/**
 * After a kill at any step, the next manager starts over, or removes the container if the image is there. `stale` are
 * containers of an earlier attempt. Rejects with the reason if the image cannot be made.
 */
export async function makeImage(
  { instance, engine, accounts, surveyor, nameOf }: ImageMakerDeps,
  { pool, image }: MissingImage,
  stale: readonly Observed[],
): Promise<void> {
  for (const { id } of stale) await engine.remove(id)
  const spec = imageSpecOf(instance, pool)
  const target = { id: await engine.create(spec), name: spec.name }
  try {
    await engine.start(target.id)
    await surveyor.waitForSshd(target)
    await runPlaybook(accounts, target, pool.prepare)
    await accounts.generalize(target)
    await engine.kill(target.id)
    // Under this name, the image would be used again for the earlier files.
    if ((await nameOf(pool)) !== image) throw new BerthError('conflict', 'its playbook or base has changed meanwhile')
    await engine.commit(target.id, { pool: pool.name, name: image })
  } finally {
    // If that fails, the planner finds it again.
    await engine.remove(target.id).catch(() => undefined)
  }
}

async function runPlaybook(accounts: Accounts, target: Target, playbook: string | null): Promise<void> {
  if (playbook === null) throw new BerthError('engine_failed', `no playbook makes ${target.name}`)
  const error = (await accounts.prepare([target], playbook)).get(target.name)
  if (error) throw error
}
