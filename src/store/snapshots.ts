/** The rows that are decided upon, kept in memory: brought up to date by what has changed, and handed out as snapshots. */
import { byName, type Container } from '../core/container.ts'
import type { Reservation } from '../core/reservation.ts'
import type { Snapshot } from '../core/store.ts'

/** What is in the database at one moment: of everything, or of what has changed. */
export interface Rows {
  readonly containers: readonly Container[]
  /** Without those that have ended. */
  readonly reservations: readonly Reservation[]
  readonly sizes: ReadonlyMap<string, number>
}

/** Keys of rows that may have changed: to name one that has not costs a look at it, and no more. */
export interface Changed {
  readonly containers: ReadonlySet<string>
  readonly reservations: ReadonlySet<string>
}

/** Where a database has its snapshots from. */
export interface Snapshots {
  /** null while a transaction is under way on the connection: what it has changed is not certain yet. */
  now(): Snapshot | null
  /** For whoever has begun the transaction that is under way, and changed nothing in it. */
  within(): Snapshot
}

export class ReadModel {
  readonly #containers = new Ordered<Container>(({ name }) => name, byName)
  readonly #reservations = new Ordered<Reservation>(({ id }) => id, byAge)
  #snapshot: Snapshot = { containers: [], reservations: [], sizes: new Map() }

  /** The same object until something changes; what was handed out before stays as it was. */
  get snapshot(): Snapshot {
    return this.#snapshot
  }

  replace({ containers, reservations, sizes }: Rows): void {
    this.#containers.replace(containers)
    this.#reservations.replace(reservations)
    this.#handOut(sizes)
  }

  /** `rows` are those of these keys that there are; the others are gone. */
  change(changed: Changed, { containers, reservations, sizes }: Rows): void {
    this.#containers.change(changed.containers, containers)
    this.#reservations.change(changed.reservations, reservations)
    this.#handOut(sizes)
  }

  #handOut(sizes: ReadonlyMap<string, number>): void {
    this.#snapshot = { containers: this.#containers.rows, reservations: this.#reservations.rows, sizes }
  }
}

/** Rows in an order in which no two of them are equal. A change makes a new array: somebody may hold the one before. */
class Ordered<T> {
  readonly #keyOf: (row: T) => string
  readonly #order: (a: T, b: T) => number
  readonly #byKey = new Map<string, T>()
  #rows: readonly T[] = []

  constructor(keyOf: (row: T) => string, order: (a: T, b: T) => number) {
    this.#keyOf = keyOf
    this.#order = order
  }

  get rows(): readonly T[] {
    return this.#rows
  }

  replace(rows: readonly T[]): void {
    this.#rows = rows.toSorted(this.#order)
    this.#byKey.clear()
    for (const row of rows) this.#byKey.set(this.#keyOf(row), row)
  }

  change(keys: ReadonlySet<string>, rows: readonly T[]): void {
    if (keys.size === 0) return
    const present = new Map(rows.map((row) => [this.#keyOf(row), row]))
    const next = [...this.#rows]
    for (const key of keys) {
      const before = this.#byKey.get(key)
      if (before !== undefined) next.splice(this.#place(next, before), 1)
      const after = present.get(key)
      if (after === undefined) this.#byKey.delete(key)
      else {
        next.splice(this.#place(next, after), 0, after)
        this.#byKey.set(key, after)
      }
    }
    this.#rows = next
  }

  /** Of this row, or where it belongs. */
  #place(rows: readonly T[], row: T): number {
    let low = 0
    let high = rows.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#order(rows[middle] as T, row) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Oldest first. */
function byAge(a: Reservation, b: Reservation): number {
  if (a.createdAt !== b.createdAt) return a.createdAt - b.createdAt
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}
