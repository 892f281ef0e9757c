/** Writes that are tried again as soon as the database is available. A restart of the manager does without them. */
import { hasCode } from '../domain/errors.ts'

/** A write that may be repeated although it was carried out. */
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

  /** Tries the kept writes again. */
  async retry(): Promise<void> {
    const writes = this.#writes
    this.#writes = []
    for (const write of writes) await this.write(write)
  }
}
