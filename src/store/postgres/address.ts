/** Where a PostgreSQL database is, and how to get in. */
export interface PostgresAddress {
  /** A host name, an address, or the folder of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
  /** null: without TLS. */
  readonly tls: Tls | null
  /** Read for each connection. null: the driver looks in the file PGPASSFILE, or in ~/.pgpass. */
  readonly passwordFile: string | null
  /** Maximum time to connect, to run a statement, to wait for a lock, and to be idle in a transaction. */
  readonly timeoutMs: number
  /** Where to listen for notifications, if a pooler is at `host`. */
  readonly listen: { readonly host: string; readonly port: number } | null
}

/** Options of `tls.connect`. */
interface Tls {
  /** Whether to refuse a server without a valid certificate. */
  readonly rejectUnauthorized: boolean
  /** Certificates of the authorities to trust; those of Node when left out. */
  readonly ca?: string
  /** Accepts a certificate for any host name. */
  readonly checkServerIdentity?: () => undefined
}
