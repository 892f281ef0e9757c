/**
 * Decides whose a container is and whether it may be touched. Pure. A lent container may have a session in it, and
 * only the database that lent it knows; one of another database may be in use. In doubt it is left alone, and its
 * slot is out of use.
 */
import type { Container } from '../../domain/container.ts'
import type { Observed } from '../../ports/engine.ts'

/** What is known of another database that has containers here. */
export type Standing =
  /** A live manager serves it. */
  | 'served'
  /** Its file exists, or cannot be checked from here. */
  | 'exists'
  /** Its file is gone, and no manager serves it. */
  | 'gone'
  /** It was removed on purpose, with its sessions. */
  | 'abandoned'

export interface Ownership {
  /** Identity of this database. */
  readonly database: string
  /** Host and file of this database; an earlier database may have been there. */
  readonly origin: string
  /** Standing of other databases, by identity; `exists` if missing. */
  readonly standings: ReadonlyMap<string, Standing>
  /** Reservations of the ledger that this database knows, open or ended. */
  readonly known: ReadonlySet<string>
}

/** Whether this is the row's generation. */
export function isCurrent(row: Container, observed: Observed, database: string): boolean {
  if (row.engineId === null) {
    const same = observed.database === database && observed.generation === row.generation
    return row.generation > 0 && same && observed.lentTo === null
  }
  // Containers from before databases had identities have none.
  return observed.id === row.engineId && (observed.database === null || observed.database === database)
}

/** Returns why a container must be left alone; null if it may be lent or removed. `row`: that of its slot, if any. */
export function protectionOf(observed: Observed, row: Container | undefined, ownership: Ownership): string | null {
  const { database, lentTo } = observed
  const { standings, known } = ownership
  if (row !== undefined && isCurrent(row, observed, ownership.database)) {
    const isFree = row.state === 'creating' || row.state === 'ready'
    return lentTo === null || (known.has(lentTo) && !isFree) ? null : unaccounted(observed)
  }
  if (database === ownership.database) {
    // A container of a reservation that this database knows gets replaced under that reservation, or is left over. It
    // may be newer than its row after a restore. If it were left alone, its access would outlive the reservation.
    return lentTo === null || known.has(lentTo) ? null : unaccounted(observed)
  }
  if (database === null) return 'an earlier version of Berth made it, and this database does not know it'
  const standing = standings.get(database) ?? 'exists'
  if (standing === 'served') return `it belongs to ${databaseName(observed, ownership)}, which a manager is serving`
  if (standing === 'abandoned') return null
  if (lentTo !== null) return `${databaseName(observed, ownership)} has lent it (reservation ${lentTo})`
  return standing === 'gone' ? null : `it belongs to ${databaseName(observed, ownership)}`
}

/** Whether removing it may end a session. */
export function mayHoldSession({ lentTo, database }: Observed): boolean {
  return lentTo !== null || database === null
}

function unaccounted({ lentTo }: Observed): string {
  return `it was lent to reservation ${lentTo}, and this database has no record of that`
}

function databaseName({ origin, database }: Observed, ownership: Ownership): string {
  if (origin === null) return `database ${database}`
  return origin === ownership.origin ? `an earlier database at ${origin}` : `the database ${origin}`
}

/** A container that is left alone. */
export interface Protected {
  readonly observed: Observed
  /** Row of the slot that is out of use because of it; null if this database has no slot of that name. */
  readonly row: Container | null
  readonly why: string
  /** Standing of its database; null if that is this one or unknown. */
  readonly standing: Standing | null
}

/** All containers that must be left alone, in the order of the listing. */
export function protectedContainers(
  rows: readonly Container[],
  observed: readonly Observed[],
  ownership: Ownership,
): Protected[] {
  // Free containers of this database are never protected, and are most of a large listing.
  const candidates = observed.filter(({ lentTo, database }) => lentTo !== null || database !== ownership.database)
  const names = new Set(candidates.map(({ name }) => name))
  const byName = new Map(rows.flatMap((row) => (names.has(row.name) ? [[row.name, row]] : [])))
  return candidates.flatMap((one): Protected[] => {
    const row = byName.get(one.name)
    const why = protectionOf(one, row, ownership)
    const standing = ownership.standings.get(one.database ?? '') ?? null
    return why === null ? [] : [{ observed: one, row: row ?? null, why, standing }]
  })
}
