/** Reads lists again after events. An event only says which lists have changed; nothing else is taken from it. */
import type { ListName } from '../api/list-name.ts'

/** Minimum time between two reads of a list, so that a busy pool does not cause a read for each event. */
const MIN_INTERVAL_MS = 500

/** Returns the lists that an event of this kind changes. */
export function listsChangedBy(kind: string): readonly ListName[] {
  const [noun] = kind.split('.')
  if (noun === 'reservation') return ['reservations', 'containers', 'pools', 'events']
  if (noun === 'container') return ['containers', 'pools', 'events']
  if (noun === 'pool') return ['pools', 'containers', 'events']
  if (noun === 'token') return ['tokens', 'events']
  if (noun === 'terminal') return ['terminals', 'events']
  return ['events']
}

export class Refresher {
  readonly #read: (name: ListName) => Promise<unknown>
  readonly #changed = new Set<ListName>()
  readonly #reading = new Set<ListName>()

  /** `read` reads every shown list of this name, and resolves when that is done or has failed. */
  constructor(read: (name: ListName) => Promise<unknown>) {
    this.#read = read
  }

  mark(names: readonly ListName[]): void {
    for (const name of names) {
      this.#changed.add(name)
      if (!this.#reading.has(name)) void this.#readUntilUnchanged(name)
    }
  }

  async #readUntilUnchanged(name: ListName): Promise<void> {
    this.#reading.add(name)
    try {
      while (this.#changed.delete(name)) {
        await Promise.all([this.#read(name), new Promise((resolve) => setTimeout(resolve, MIN_INTERVAL_MS))])
      }
    } finally {
      this.#reading.delete(name)
    }
  }
}
