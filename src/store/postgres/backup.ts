/** Backups of a PostgreSQL database. */
import { BerthError } from '../../domain/errors.ts'

/** Throws `invalid_config`. The tools of the server make better copies: they know roles, tablespaces and replicas. */
export function refuseBackup(name: string): never {
  throw new BerthError('invalid_config', `Berth does not back up a database server; use pg_dump: pg_dump -Fc ${name}`)
}
