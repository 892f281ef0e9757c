/** Statements of a transaction that are sent without waiting for the answer to the one before. */
import type { CompiledQuery } from 'kysely'

/** Returns whether the statement returns rows, or may change fewer rows than it names. */
export function hasResult({ query }: CompiledQuery): boolean {
  return query.kind !== 'InsertQueryNode' || query.returning !== undefined || query.onConflict !== undefined
}

/** The answers to those statements. The server answers in order, and refuses what follows an error. */
export class Sent {
  #answers: Promise<unknown> = Promise.resolve()

  /** An error is thrown by `before` or `all`. */
  add(answer: Promise<unknown>): void {
    answer.catch(() => {})
    this.#answers = this.#answers.then(() => answer)
    this.#answers.catch(() => {})
  }

  /** Returns the answer to the next statement. Throws the first error, which explains those after it. */
  async before<T>(answer: Promise<T>): Promise<T> {
    answer.catch(() => {})
    await this.#answers
    return answer
  }

  /** Waits for all of them. */
  async all(): Promise<void> {
    await this.#answers
  }
}
