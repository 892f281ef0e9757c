/** Reads lists again at little cost: the manager answers 304 while nothing has changed. */
import { problemOf, Unreachable } from '../../../src/client/client.ts'

interface Kept {
  readonly etag: string
  readonly body: unknown
}

/** Maximum number of lists to keep. The least recently read list is dropped first. */
const MAX_LISTS = 50
/** Maximum time to wait for one list. The largest lists take a tenth of a second. */
const MAX_READ_MS = 10_000

export class EtagReader {
  readonly #origin: string
  readonly #maxReadMs: number
  readonly #kept = new Map<string, Kept>()

  constructor(origin: string, maxReadMs = MAX_READ_MS) {
    this.#origin = origin
    this.#maxReadMs = maxReadMs
  }

  /** Returns the body at a path: the same object as before if it has not changed. Throws `ApiError`, `Unreachable`. */
  async read<T>(path: string, signal: AbortSignal): Promise<T> {
    const kept = this.#kept.get(path)
    const headers = { accept: 'application/json', ...(kept && { 'if-none-match': kept.etag }) }
    const within = AbortSignal.any([signal, AbortSignal.timeout(this.#maxReadMs)])
    const fail = (error: unknown): never => {
      throw signal.aborted ? error : new Unreachable(this.#origin, error)
    }
    const response = await fetch(this.#origin + path, { headers, signal: within }).catch(fail)
    if (response.status === 304 && kept) return kept.body as T
    // Only a SyntaxError means that the body is not JSON. With another error, the connection failed within the body.
    const body: unknown = await response
      .json()
      .catch((error: unknown) => (error instanceof SyntaxError ? null : fail(error)))
    if (!response.ok || body === null) throw problemOf(body, response)
    const etag = response.headers.get('etag')
    this.#kept.delete(path)
    if (etag !== null) this.#kept.set(path, { etag, body })
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > MAX_LISTS && oldest !== undefined) this.#kept.delete(oldest)
    return body as T
  }

  /** Drops all lists, because another person has signed in. */
  forget(): void {
    this.#kept.clear()
  }
}
