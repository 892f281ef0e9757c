/** How `database` of berth.yml names a database. */

const EXAMPLE = 'postgres://berth@db.example.org/berth'

/** Follows `database`. */
export const MUST_BE_DATABASE = `must be a file such as containers.db or a URL like ${EXAMPLE}`

/** Follows `database`. */
export const MUST_NAME_ALL = `must name role, host and database, like ${EXAMPLE}`

/** Returns whether this names a PostgreSQL database, not a file. */
export function isPostgresUrl(database: string): boolean {
  return /^postgres(?:ql)?:\/\//.test(database)
}
