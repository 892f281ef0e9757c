declare module 'pgpass' {
  /** Calls back with the password for this connection in PGPASSFILE or ~/.pgpass; undefined if there is none. */
  function pgpass(
    connection: { readonly host: string; readonly port: number; readonly user: string; readonly database: string },
    found: (password: string | undefined) => void,
  ): void
  export = pgpass
}
