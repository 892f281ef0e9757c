/** The database of a test that has only one, or none. */
import type { DatabaseMark } from '../src/domain/database-mark.ts'
import type { Ownership } from '../src/reconcile/ownership/ownership.ts'

export function mark(id = 'db', some: Partial<DatabaseMark> = {}): DatabaseMark {
  return { id, origin: `host:/srv/${id}.db`, file: `boot:1:${id}`, since: 0, ...some }
}

/** All containers are this database's, and so are the reservations of these ids. */
export function owning(...known: string[]): Ownership {
  return { database: 'db', origin: 'host:/db', standings: new Map(), known: new Set(known) }
}
