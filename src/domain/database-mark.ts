/** How a manager marks its containers with its database, and how other managers see that it is alive. */

/** A live manager: it keeps a connection to the engine open. */
export interface LiveManager {
  /** Identity of its database. */
  readonly database: string
  /**
   * Identifies the database file until the host restarts. Moving the file keeps it; a copy gets another one.
   */
  readonly file: string
  /** When it opened the database, epoch milliseconds. */
  readonly since: number
}

export interface DatabaseMark {
  /** Identity of the database. Changes when it turns out to be a copy of one that is being served. */
  id: string
  /** Host and path, for people: "lab-1-3f2a91bc:/srv/berth/containers.db". */
  readonly origin: string
  readonly file: string
  /** When this process opened it, epoch milliseconds. */
  readonly since: number
}

export function managerOf({ id, file, since }: DatabaseMark): LiveManager {
  return { database: id, file, since }
}

/**
 * Whether this database is a copy: an earlier manager serves another file with the same identity. Of two managers
 * that start at the same moment exactly one is the copy.
 */
export function isCopy(self: DatabaseMark, managers: readonly LiveManager[]): boolean {
  return managers.some(
    ({ database, file, since }) =>
      database === self.id && file !== self.file && (since < self.since || (since === self.since && file < self.file)),
  )
}
