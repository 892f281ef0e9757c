/** Port to the database of a store: operations that do not need an open store. */
import type { DatabaseMark } from '../domain/database-mark.ts'
import type { Store } from './store.ts'

export interface Database {
  /** Shown to people: the name of its file, or its URL without a password. */
  readonly name: string
  /** False until a store was opened for the first time. */
  exists(): Promise<boolean>
  /** Opens the store; creates and migrates the database. `invalid_config`, `schema_too_new`. */
  open(): Promise<Store>
  /** Brings the database up to date. Returns the names of the migrations that were applied. */
  migrate(): Promise<string[]>
  /** Returns what `migrate` would apply. */
  pendingMigrations(): Promise<string[]>
  /**
   * Copies the database as it is at one moment to this new file, even while a manager writes to it. The copy is whole,
   * or not there. `invalid_config`, always for a database on a server, which has tools of its own.
   */
  backup(copy: string): Promise<void>
  /** Returns how many bytes are free on its disk; null for a database on a server, whose disk cannot be seen. */
  freeSpace(): Promise<number | null>
  /** Returns the mark that its containers bear; `id` is its identity. */
  mark(id: string, now: number): Promise<DatabaseMark>
  /** Whether the database of this identity is certainly not at this origin any more. */
  isGone(id: string, origin: string): boolean
  /**
   * Returns the secret that this database's managers share, kept outside the database. The first manager creates it.
   * `store` is open on this database. `invalid_config`, also when the other managers have another secret.
   */
  secret(store: Store): Promise<Uint8Array>
}
