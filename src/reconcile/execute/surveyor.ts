/** What a container must show before it is ready. */
import type { Container } from '../../domain/container.ts'
import type { Pool } from '../../domain/pool.ts'
import type { Accounts, Guest, Target } from '../../ports/accounts.ts'
import type { Store } from '../../ports/store.ts'
import { HostKeyRegistry } from './host-key-registry.ts'

/** Deadline for sshd of a container to answer. */
const SURVEY_TIMEOUT_MS = 30_000

export interface SurveyorDeps {
  readonly accounts: Accounts
  readonly store: Store
}

export class Surveyor {
  readonly #accounts: Accounts
  readonly #store: Store
  readonly #hostKeys: HostKeyRegistry

  constructor({ accounts, store }: SurveyorDeps) {
    this.#accounts = accounts
    this.#store = store
    this.#hostKeys = new HostKeyRegistry(store)
  }

  /** Waits until sshd answers. Leaves the container as it is, for a tenant's work or for a playbook that runs later. */
  waitForSshd(target: Target): Promise<Guest> {
    return this.#accounts.survey(target, { timeoutMs: SURVEY_TIMEOUT_MS, fresh: false })
  }

  /**
   * Shows that a new container, after its pool's playbook, can be lent, and that no other has its host key. Records the
   * facts of the pool. `guest_failed`, `image_unfit`.
   */
  async surveyNew(row: Container, id: string, { name, sudo, prepare }: Pool): Promise<Guest> {
    const how = { timeoutMs: SURVEY_TIMEOUT_MS, fresh: true, purpose: { sudo, prepare } }
    const guest = await this.#accounts.survey({ id, name: row.name }, how)
    await this.#hostKeys.claim(row, id, guest.hostKey)
    await this.#store.recordPoolFacts(name, { os: guest.os, names: guest.names })
    return guest
  }
}
