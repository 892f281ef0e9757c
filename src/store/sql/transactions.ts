/** Runs each verb of the store in one transaction, and calls the listeners after each write. */
import { BerthError } from '../../domain/errors.ts'
import type { Kysely, Transaction } from 'kysely'
import type { Tables } from './schema/tables.ts'

export type Tx = Transaction<Tables>

/** Maximum number of times that a transaction is run when other programs keep changing what it has read. */
const MAX_ATTEMPTS = 5

/**
 * Thrown in a transaction that found a row changed since it had read it, or a table since its statements were prepared:
 * the transaction is rolled back and run again.
 */
export class Conflict extends BerthError {
  constructor(reason: string, options?: { readonly cause: unknown }) {
    super('database_unavailable', `the database cannot be used: ${reason}`, options)
  }
}

export interface Transactions {
  /** Waits for no writer, and sees everything as it is at one moment. Runs the work again after a `Conflict`. */
  reading<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** Runs the work again after a `Conflict`. `database_unavailable` when that does not help. */
  writing<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /**
   * Writes with a single statement, to rows on which no other writer's decision depends. Calls no listener. Waits for
   * no other writer where the database allows that.
   */
  writingAlone(work: (db: Kysely<Tables>) => Promise<unknown>): Promise<void>
  /** Calls the listener after every write, and after `announce`. Returns a function that stops it. */
  onWritten(listener: () => void): () => void
  /** Calls the listeners: another manager has written. */
  announce(): void
}

/** `isConcurrent`: the database runs a statement outside a transaction without waiting for other writers. */
export function openTransactions(db: Kysely<Tables>, isConcurrent = false): Transactions {
  const listeners = new Set<() => void>()

  function announce(): void {
    for (const listener of listeners) listener()
  }

  return {
    announce,
    reading: (work) => repeating(() => db.transaction().setAccessMode('read only').execute(work)),
    async writing(work) {
      const result = await repeating(() => db.transaction().execute(work))
      announce()
      return result
    },
    async writingAlone(work) {
      await (isConcurrent ? work(db) : repeating(() => db.transaction().execute(work)))
    },
    onWritten(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

async function repeating<T>(transaction: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await transaction()
    } catch (error) {
      if (!(error instanceof Conflict) || attempt === MAX_ATTEMPTS) throw error
    }
  }
}
