/** How a manager marks its containers with its database, and how other managers see that it is alive. */

/** A live manager: it keeps a connection to the engine open. */
export interface LivingManager {
  /** Identity of its database. */
  readonly database: string
  /**
   * Identifies the file of its database until the host restarts: the same for a file that was moved, another for a
   * copy.
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

export function managerOf({ id, file, since }: DatabaseMark): LivingManager {
  return { database: id, file, since }
}

/**
 * Whether this database is a copy: an earlier manager serves another file with the same identity. Of two managers
 * that start at the same moment exactly one is the copy.
 */
export function isCopy(self: DatabaseMark, managers: readonly LivingManager[]): boolean {
  return managers.some(
    ({ database, file, since }) =>
      database === self.id && file !== self.file && (since < self.since || (since === self.since && file < self.file)),
  )
}
