import { createHash } from 'node:crypto'
import type { Purpose, Target } from '../../ports/accounts.ts'
import { playbookVersion } from '../ansible/version.ts'
import type { Shell } from '../shell.ts'
import { type Rehearsed, rehearse } from './rehearsal.ts'

/** Rehearses once for each image and purpose. Containers that become ready at the same time share the outcome. */
export class Rehearsals {
  readonly #shell: Shell
  readonly #make: (target: Target, ...account: Parameters<Rehearsed['make']>) => Promise<void>
  readonly #outcomes = new Map<string, Promise<void>>()

  constructor(shell: Shell, make: (target: Target, ...account: Parameters<Rehearsed['make']>) => Promise<void>) {
    this.#shell = shell
    this.#make = make
  }

  /** Rehearses once for this image and purpose. Throws `image_unfit` with the reason. */
  async pass(target: Target, { sudo, prepare }: Purpose): Promise<void> {
    const image = await this.#shell.engine.imageOf(target.id)
    const prepared = prepare === null ? '' : await playbookVersion(prepare)
    const key = createHash('sha256')
      .update(JSON.stringify([image, sudo, prepare, prepared]))
      .digest('base64')
    const outcome =
      this.#outcomes.get(key) ??
      rehearse({ shell: this.#shell, target, sudo, make: (account) => this.#make(target, account) })
    this.#outcomes.set(key, outcome)
    // A failure is not kept: the image or playbook may be fixed before the next try.
    await outcome.catch((error: unknown) => {
      this.#outcomes.delete(key)
      throw error
    })
  }
}
