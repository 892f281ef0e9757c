/** Makes the image of a pool with `prepare_image`: runs the playbook in a temporary container, and commits it. */
import { BerthError } from '../../domain/errors.ts'
import { imageSpecOf, type InstanceConfig, type Pool } from '../../domain/pool.ts'
import type { Accounts, Target } from '../../ports/accounts.ts'
import type { Engine, Observed } from '../../ports/engine.ts'
import type { MissingImage } from '../plan/actions.ts'
import { mustSucceed } from './must-succeed.ts'
import type { Surveyor } from './surveyor.ts'

export interface ImageMakerDeps {
  readonly instance: InstanceConfig
  readonly engine: Engine
  readonly accounts: Accounts
  readonly surveyor: Surveyor
  /** Returns the name that the image has by the present playbook and base. */
  readonly nameOf: (pool: Pool) => Promise<string | null>
}

/**
 * After a kill at any step, the next manager starts over, or removes the container if the image exists. `stale` are
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
    await prepareTarget(accounts, target, pool)
    await accounts.generalize(target)
    await engine.kill(target.id)
    // The name stands for the files at the start: an image of other files must not have it.
    if ((await nameOf(pool)) !== image)
      throw new BerthError('conflict', 'its playbook or base changed while it was being made')
    await engine.commit(target.id, { pool: pool.name, name: image })
  } finally {
    // If that fails, the planner sweeps it later.
    await engine.remove(target.id).catch(() => undefined)
  }
}

async function prepareTarget(accounts: Accounts, target: Target, { name, prepare }: Pool): Promise<void> {
  if (prepare === null) throw new BerthError('invalid_config', `pool "${name}" has prepare_image without prepare`)
  await mustSucceed(accounts.prepare([target], prepare), target)
}
