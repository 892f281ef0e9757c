import type { Observed } from '../../ports/engine.ts'

/** What this process knows of its containers: from the last listing, and what it has done since. */
export class Known {
  /** Ids by name of the container. */
  #byName = new Map<string, Set<string>>()
  /** Reservations by id. */
  #lent = new Map<string, string>()

  update(observed: readonly Observed[]): void {
    this.#byName = new Map()
    for (const { name, id } of observed) this.created(name, id)
    this.#lent = new Map(observed.flatMap(({ id, lentTo }) => (lentTo === null ? [] : [[id, lentTo]])))
  }

  created(name: string, id: string): void {
    this.#byName.set(name, (this.#byName.get(name) ?? new Set()).add(id))
  }

  lent(id: string, reservation: string): void {
    this.#lent.set(id, reservation)
  }

  removed(id: string): void {
    this.#lent.delete(id)
  }

  /** Returns the ids of all generations of a container. */
  generationsOf(name: string): ReadonlySet<string> {
    return this.#byName.get(name) ?? new Set()
  }

  lentTo(id: string): string | null {
    return this.#lent.get(id) ?? null
  }
}
