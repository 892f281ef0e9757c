declare module 'pgpass' {
  /** Calls back with the password that PGPASSFILE or ~/.pgpass has for this connection, if it has one. */
  function pgpass(
    connection: { readonly host: string; readonly port: number; readonly user: string; readonly database: string },
    found: (password: string | undefined) => void,
  ): void
  export = pgpass
}
