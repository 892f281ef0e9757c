/** Reads lists again after events. Nothing is computed from the text of an event: it only says what has changed. */
import type { ListName } from '../api/list-name.ts'

/** Shortest time between two reads of the same list. Lists are right within a second, however much happens. */
const PAUSE_MS = 500

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

  /** `read` reads every list of this name that is shown, and resolves when that is done or has failed. */
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
        await Promise.all([this.#read(name), new Promise((resolve) => setTimeout(resolve, PAUSE_MS))])
      }
    } finally {
      this.#reading.delete(name)
    }
  }
}
