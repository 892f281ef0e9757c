/** One transaction per verb of the store, and a word to whoever follows the events when one has written. */
import type { Kysely, Transaction } from 'kysely'
import type { Tables } from './tables.ts'

export type Tx = Transaction<Tables>

export interface Transactions {
  /** Waits for nobody who writes, and sees everything as it is at one moment. */
  reading<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  writing<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** Calls after something was written, mostly with new events. Returns the stop. */
  onWritten(listener: () => void): () => void
}

export function openTransactions(db: Kysely<Tables>): Transactions {
  const listeners = new Set<() => void>()
  return {
    reading: (work) => db.transaction().setAccessMode('read only').execute(work),
    async writing(work) {
      const result = await db.transaction().execute(work)
      for (const listener of listeners) listener()
      return result
    },
    onWritten(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
