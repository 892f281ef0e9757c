/**
 * A process that opens and closes one SQLite database after another, each at the time that its order gives. Answers
 * with the error, or ''.
 */
import { openSqlite } from '../../../src/store/sqlite/open.ts'

export interface OpenerOrder {
  readonly file: string
  /** Epoch milliseconds. */
  readonly at: number
}

process.on('message', (order: OpenerOrder) => void openOnce(order).then((error) => process.send?.(error)))
process.send?.('ready')

async function openOnce({ file, at }: OpenerOrder): Promise<string> {
  // A timer would be late by a millisecond or more.
  while (Date.now() < at);
  try {
    const store = await openSqlite(file)
    await store.close()
    return ''
  } catch (error) {
    return String(error)
  }
}
