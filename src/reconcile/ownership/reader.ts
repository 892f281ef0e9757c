/** Reads what is known of the databases and reservations that containers belong to. Changes nothing. */
import type { Clock } from '../../ports/clock.ts'
import type { DatabaseMark } from '../../domain/database-mark.ts'
import type { Ownership, Standing } from './ownership.ts'
import type { Engine, Observed, Presence } from '../../ports/engine.ts'
import type { Store } from '../../ports/store.ts'
import type { Snapshot } from '../../domain/snapshot.ts'

/** The state of another database's file is cached this long. */
const STANDING_TTL_MS = 5_000

export interface OwnershipDeps {
  readonly database: DatabaseMark
  readonly store: Store
  readonly engine: Engine
  /** Whether a database is certainly gone; false if that cannot be checked from this host. */
  readonly isGone: (database: string, origin: string) => boolean
  readonly clock: Clock
}

/** Names the database that made a container or network. */
type Marked = Pick<Observed, 'database' | 'origin'>

/**
 * Called after a listing. `presence` is null if the engine does not know it. The databases of `networks` are looked up,
 * too.
 */
export type OwnershipReader = (
  observed: readonly Observed[],
  snapshot: Snapshot,
  presence: Presence | null,
  networks?: readonly Marked[],
) => Promise<Ownership>

export function createOwnershipReader({ database, store, engine, isGone, clock }: OwnershipDeps): OwnershipReader {
  const standings = new Map<string, { readonly standing: Standing; readonly until: number }>()

  async function knownOf(observed: readonly Observed[], { reservations }: Snapshot): Promise<ReadonlySet<string>> {
    const open = new Set(reservations.map(({ id }) => id))
    const known = new Set<string>()
    for (const { id, lentTo } of observed) {
      // Another manager may have removed the container and its entry in the ledger since the listing.
      const lent = engine.lentTo(id) ?? lentTo
      if (lent === null || known.has(lent)) continue
      if (open.has(lent) || (await store.reservation(lent)) !== null) known.add(lent)
    }
    return known
  }

  function standingOf(id: string, origin: string | null, presence: Presence | null): Standing {
    if (presence?.managers.some((manager) => manager.database === id)) return 'served'
    if (presence?.abandoned.has(id)) return 'abandoned'
    return origin !== null && isGone(id, origin) ? 'gone' : 'exists'
  }

  function standingsOf(marked: readonly Marked[], presence: Presence | null): Ownership['standings'] {
    const now = clock()
    for (const { database: id, origin } of marked) {
      if (id === null || id === database.id) continue
      const before = standings.get(id)
      if (before && now < before.until && now > before.until - STANDING_TTL_MS) continue
      standings.set(id, { standing: standingOf(id, origin, presence), until: now + STANDING_TTL_MS })
    }
    return new Map([...standings].map(([id, { standing }]) => [id, standing]))
  }

  return async (observed, snapshot, presence, networks = []) => ({
    database: database.id,
    origin: database.origin,
    standings: standingsOf([...observed, ...networks], presence),
    known: await knownOf(observed, snapshot),
  })
}
