/**
 * Writes that are repeated when the database is available again. They are kept in memory only: after a restart, the
 * preparations that they were for are resumed or ended anyway.
 */
import { hasCode } from '../domain/errors.ts'

/** A write that changes nothing if an earlier attempt was committed, even one that failed. */
type Write = () => Promise<unknown>

export class PostponedWrites {
  #writes: Write[] = []

  /** Carries out the write, or keeps it for `retry` if the database is unavailable. Throws other errors. */
  async write(write: Write): Promise<void> {
    try {
      await write()
    } catch (error) {
      if (!hasCode(error, 'database_unavailable')) throw error
      this.#writes.push(write)
    }
  }

  /** Repeats the kept writes. They run concurrently, to share commits and timeouts. Throws like `write`. */
  async retry(): Promise<void> {
    const writes = this.#writes
    this.#writes = []
    await Promise.all(writes.map((write) => this.write(write)))
  }
}
