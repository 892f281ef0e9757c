/** Where a PostgreSQL database is, and how to get in. */
export interface PostgresAddress {
  /** A host name, an address, or the folder of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
  /** `require`: TLS with any certificate. `verify-ca`: also for another host name. */
  readonly sslMode: 'disable' | 'require' | 'verify-ca' | 'verify-full'
  /** Certificates of the authorities to trust; null: those of Node. */
  readonly caFile: string | null
  /** Read for each connection, as is the file PGPASSFILE or ~/.pgpass in its place, if this is null. */
  readonly passwordFile: string | null
  /** Maximum time to connect, to run a statement, to wait for a lock, and to be idle in a transaction. */
  readonly timeoutMs: number
  /** Where to listen for notifications, if a pooler is at `host`. */
  readonly listen: { readonly host: string; readonly port: number } | null
}
