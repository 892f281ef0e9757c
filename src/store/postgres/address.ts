/** Where a PostgreSQL database is, and how to connect to it. */
export interface PostgresAddress {
  /** A host name, an address, or the folder of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
  /** As for psql. `require` accepts any certificate; `verify-ca` checks its authority, but not the host name. */
  readonly sslMode: 'disable' | 'require' | 'verify-ca' | 'verify-full'
  /** File with the certificates of the authorities to trust; null: those of Node. */
  readonly caFile: string | null
  /** Read for each connection. Null: the password is in the file that PGPASSFILE names, or in ~/.pgpass. */
  readonly passwordFile: string | null
  /** Maximum time to connect, to run a statement, to wait for a lock, and to be idle in a transaction. */
  readonly timeoutMs: number
  /** The server itself, to listen for notifications, if `host` is a connection pooler. */
  readonly listen: { readonly host: string; readonly port: number } | null
}
