/** Backups of a PostgreSQL database. */
import { BerthError } from '../../domain/errors.ts'

/** A dump is the server's business: its tools know roles, tablespaces and replicas. */
export function refuseBackup(name: string): never {
  throw new BerthError('invalid_config', `Berth does not copy a database server; use pg_dump: pg_dump -Fc ${name}`)
}
