/** Look-ups in rows and listings for the planner, without an index of all of them. */
import type { Container } from '../../domain/container.ts'
import type { Reservation } from '../../domain/reservation.ts'
import type { Snapshot } from '../../domain/snapshot.ts'
import type { Observed } from '../../ports/engine.ts'

/** Returns the rows of the containers that these reservations hold, by name. Reads no rows without reservations. */
export function heldRows(
  { containers }: Snapshot,
  reservations: readonly Pick<Reservation, 'holds'>[],
): ReadonlyMap<string, Container> {
  if (reservations.length === 0) return new Map()
  const held = new Set(reservations.flatMap(({ holds }) => holds.map(({ container }) => container)))
  return new Map(containers.filter(({ name }) => held.has(name)).map((row) => [row.name, row]))
}

/** Returns the listed containers that have one of these rows, by the engine's id. */
export function observedOf(rows: ReadonlyMap<string, Container>, observed: readonly Observed[]): Map<string, Observed> {
  if (rows.size === 0) return new Map()
  return new Map(observed.filter(({ name }) => rows.has(name)).map((one) => [one.id, one]))
}

/** Returns the number of rows of each pool. Rows of a pool are adjacent, so most of them need no look-up. */
export function countsOf({ containers }: Snapshot): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  let latest = ''
  let count = 0
  for (const { pool } of containers) {
    if (pool !== latest) {
      counts.set(latest, count)
      count = counts.get(pool) ?? 0
      latest = pool
    }
    count += 1
  }
  return counts.set(latest, count)
}

/**
 * Returns the containers that are listed under each name, and the number of names. Nearly all names are listed once, so
 * only names that are listed several times keep an array: 100,000 arrays keep the garbage collector busy.
 */
export function listedByName(observed: readonly Observed[]): {
  readonly names: number
  of(name: string): readonly Observed[]
} {
  const first = new Map<string, Observed>()
  const several = new Map<string, Observed[]>()
  for (const one of observed) {
    const earlier = first.get(one.name)
    if (earlier === undefined) first.set(one.name, one)
    else several.set(one.name, [...(several.get(one.name) ?? [earlier]), one])
  }
  return {
    names: first.size,
    of(name) {
      const one = first.get(name)
      if (one === undefined) return []
      return (several.size > 0 && several.get(name)) || [one]
    },
  }
}
