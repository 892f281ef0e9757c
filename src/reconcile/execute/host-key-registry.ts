/** Ensures that no two containers have the same SSH host key: root in one could impersonate the other. */
import type { Container } from '../../domain/container.ts'
import { BerthError } from '../../domain/errors.ts'
import type { Store } from '../../ports/store.ts'

/** Maximum number of remembered keys of earlier generations. An image with a built-in key shows it again at once. */
const MAX_KNOWN = 10_000

const ADVICE =
  'the image contains it. Remove /etc/ssh/ssh_host_* in its Dockerfile, and run ssh-keygen -A when the container starts'

export class HostKeyRegistry {
  readonly #store: Pick<Store, 'snapshot'>
  /** By key: id and name of the container that had it first. */
  readonly #known = new Map<string, { readonly engineId: string; readonly name: string }>()

  constructor(store: Pick<Store, 'snapshot'>) {
    this.#store = store
  }

  /** Throws `image_unfit` if another container has this key, or had it during the life of this process. */
  async claim({ name }: Container, engineId: string, hostKey: string): Promise<void> {
    const { containers } = await this.#store.snapshot()
    // No await between check and entry: containers are built concurrently.
    const first = this.#known.get(hostKey) ?? containers.find((row) => row.hostKey === hostKey && row.name !== name)
    if (first && first.engineId !== engineId) {
      const whose = first.name === name ? 'the container before it' : first.name
      throw new BerthError('image_unfit', `it has the same SSH host key (${hostKey}) as ${whose}: ${ADVICE}`)
    }
    this.#known.set(hostKey, { engineId, name })
    const oldest = this.#known.keys().next()
    if (this.#known.size > MAX_KNOWN && !oldest.done) this.#known.delete(oldest.value)
  }
}
