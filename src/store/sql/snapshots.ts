/**
 * Snapshots that are brought up to date by the record of changes (table `changes`, written by triggers). An unchanged
 * revision returns the same object. Up to MANY_CHANGES changes reread only those rows; more reread all rows.
 */
import type { Kysely } from 'kysely'
import { byName, type Container } from '../../domain/container.ts'
import type { Reservation } from '../../domain/reservation.ts'
import type { Snapshot } from '../../domain/snapshot.ts'
import { hasNotEnded, readReservations } from './queries.ts'
import { toContainer } from './schema/rows.ts'
import type { Tables } from './schema/tables.ts'
import type { Transactions, Tx } from './transactions.ts'

/** Number of changed rows from which on reading everything takes less time. */
const MANY_CHANGES = 500

/**
 * The latest change, which tells one revision of the database from another one. Its number alone does not: a server
 * that took over without the latest transactions gives their numbers to others. A COMMIT on PostgreSQL records a unique
 * key.
 */
export interface Revision {
  /** 0 before the first change. */
  readonly revision: number
  readonly kind: string
  readonly key: string
}

/** A snapshot, and the revision that it shows. */
interface State {
  readonly revision: Revision
  readonly snapshot: Snapshot
}

/** Returns the function behind `Store.snapshot`. */
export function createSnapshots(db: Kysely<Tables>, { reading }: Transactions): () => Promise<Snapshot> {
  const readRevision = revisionReader(db)
  let latest: State | null = null

  return async () => {
    const known = latest
    // Not in a transaction: this is all that most calls do.
    if (known && areSame(await readRevision(), known.revision)) return known.snapshot
    const next = await reading((tx) => (known === null ? readAll(tx) : readSince(tx, known)))
    // A call that began later may have finished first.
    if (latest === null || latest === known || next.revision.revision > latest.revision.revision) latest = next
    return next.snapshot
  }
}

/** Returns a function that reads the revision of the database. */
export function revisionReader(db: Kysely<Tables>): () => Promise<Revision> {
  const latest = db.selectFrom('changes').select(['revision', 'kind', 'key']).orderBy('revision', 'desc').limit(1)
  // Compiled once: on a file, compiling takes longer than reading, and each GET reads the revision.
  const compiled = latest.compile()
  return async () => (await db.executeQuery(compiled)).rows[0] ?? { revision: 0, kind: '', key: '' }
}

export function areSame(a: Revision, b: Revision): boolean {
  return a.revision === b.revision && a.kind === b.kind && a.key === b.key
}

async function readAll(tx: Tx): Promise<State> {
  const revision = await revisionReader(tx)()
  const rows = await tx.selectFrom('containers').selectAll().execute()
  return {
    revision,
    snapshot: {
      containers: rows.map(toContainer).sort(byName),
      reservations: await readReservations(tx, hasNotEnded),
      sizes: await readSizes(tx),
    },
  }
}

async function readSince(tx: Tx, known: State): Promise<State> {
  const { revision: since, snapshot } = known
  // With the change of the known revision itself: without it, later ones may have been pruned as well.
  const changes = await tx
    .selectFrom('changes')
    .selectAll()
    .where('revision', '>=', since.revision)
    .orderBy('revision')
    .limit(MANY_CHANGES + 2)
    .execute()
  const [first] = changes
  if (!first || !areSame(first, since) || changes.length > MANY_CHANGES + 1) return readAll(tx)
  const revision = changes.at(-1) ?? since
  if (revision === first) return known
  const keysOf = (kind: string) =>
    new Set(changes.slice(1).flatMap((change) => (change.kind === kind ? change.key : [])))
  const names = keysOf('container')
  const ids = keysOf('reservation')
  const sizesChanged = keysOf('pool_size').size > 0
  // Only other tables were written: PostgreSQL records each COMMIT.
  if (names.size + ids.size === 0 && !sizesChanged) return { revision, snapshot }
  return {
    revision,
    snapshot: {
      containers: updated(
        snapshot.containers,
        await readContainers(tx, names),
        byName,
        ({ name }) => names.has(name),
        names.size,
      ),
      reservations: updated(snapshot.reservations, await readOpen(tx, ids), byAge, ({ id }) => ids.has(id), ids.size),
      sizes: sizesChanged ? await readSizes(tx) : snapshot.sizes,
    },
  }
}

async function readContainers(tx: Tx, names: ReadonlySet<string>): Promise<Container[]> {
  if (names.size === 0) return []
  const rows = await tx
    .selectFrom('containers')
    .selectAll()
    .where('name', 'in', [...names])
    .execute()
  return rows.map(toContainer).sort(byName)
}

async function readOpen(tx: Tx, ids: ReadonlySet<string>): Promise<Reservation[]> {
  if (ids.size === 0) return []
  return readReservations(tx, (eb) => eb.and([eb('id', 'in', [...ids]), hasNotEnded(eb)]))
}

async function readSizes(tx: Tx): Promise<ReadonlyMap<string, number>> {
  const rows = await tx.selectFrom('pool_sizes').selectAll().execute()
  return new Map(rows.map(({ pool, size }) => [pool, size]))
}

/** Returns the rows with the changes. `changed` is the number of changed rows, including removed ones. */
function updated<T>(
  rows: readonly T[],
  found: readonly T[],
  order: (a: T, b: T) => number,
  hasChanged: (row: T) => boolean,
  changed: number,
): readonly T[] {
  if (changed === 0) return rows
  const same = found.length === changed ? replaced(rows, found, order) : null
  return same ?? merged(rows, found, order, hasChanged)
}

/**
 * Returns a copy of the rows in which `found` replace their earlier versions; null if one of them is new. Most changes
 * only update rows, which a binary search finds without comparing all others.
 */
function replaced<T>(rows: readonly T[], found: readonly T[], order: (a: T, b: T) => number): T[] | null {
  const all = [...rows]
  for (const row of found) {
    let [from, to] = [0, all.length]
    while (from < to) {
      const middle = (from + to) >> 1
      if (order(all[middle] as T, row) < 0) from = middle + 1
      else to = middle
    }
    const place = all[from]
    if (place === undefined || order(place, row) !== 0) return null
    all[from] = row
  }
  return all
}

/**
 * Returns the rows without the changed ones, and with those of them that still exist; both lists are in this order.
 * Returns a new array, as an earlier snapshot holds the old one.
 */
function merged<T>(
  rows: readonly T[],
  found: readonly T[],
  order: (a: T, b: T) => number,
  hasChanged: (row: T) => boolean,
): T[] {
  const all: T[] = []
  let next = 0
  for (const row of rows) {
    if (hasChanged(row)) continue
    for (let other = found[next]; other !== undefined && order(other, row) < 0; other = found[next]) {
      all.push(other)
      next += 1
    }
    all.push(row)
  }
  return [...all, ...found.slice(next)]
}

/** Oldest first. */
function byAge(a: Reservation, b: Reservation): number {
  if (a.createdAt !== b.createdAt) return a.createdAt - b.createdAt
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}
