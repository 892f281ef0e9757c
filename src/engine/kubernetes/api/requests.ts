import { setTimeout as sleep } from 'node:timers/promises'
import { BoundedRequests } from '../../bounded-requests.ts'
import type { Connection } from './connection.ts'
import { hasStatus, KubernetesApiError, translate, unavailable } from './errors.ts'

/** Pause before the next attempt if an overloaded API server names none. */
const RETRY_MS = 1_000

/** What a request is called in errors, such as "create alpine-1-g4", and how long it may take in all. */
export interface Call {
  readonly what: string
  readonly deadlineMs: number
}

/**
 * Runs requests to one API server. Each has a deadline, is aborted by `close`, and fails with a BerthError (or a bug).
 * A request is sent again once if its credentials were refused, because a token may have been replaced meanwhile. It is
 * also sent again after the time in `Retry-After`, if that ends before the deadline.
 */
export class Requests {
  readonly #connection: Connection
  readonly #requests = new BoundedRequests()

  constructor(connection: Connection) {
    this.#connection = connection
  }

  async run<T>({ what, deadlineMs }: Call, request: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { address } = this.#connection
    const end = performance.now() + deadlineMs
    const repeated = (signal: AbortSignal) => this.#repeat(request, end, signal)
    return this.#requests.run(deadlineMs, repeated, (error, isAborted) => {
      if (!isAborted) return translate(error, what, address)
      this.#connection.closeIdle()
      return unavailable(what, address, error)
    })
  }

  close(): void {
    this.#requests.close()
  }

  async #repeat<T>(request: (signal: AbortSignal) => Promise<T>, end: number, signal: AbortSignal): Promise<T> {
    for (let wasRefused = false; ; ) {
      try {
        return await request(signal)
      } catch (error) {
        const pause = pauseAfter(error)
        if (hasStatus(error, 401) && !wasRefused) {
          wasRefused = true
          this.#connection.cluster.credentials.renew()
        } else if (pause !== null && performance.now() + pause < end) await sleep(pause, undefined, { signal })
        else throw error
      }
    }
  }
}

/** Returns how long to wait before the request is sent again, in milliseconds; null if it must not be. */
function pauseAfter(error: unknown): number | null {
  if (!(error instanceof KubernetesApiError)) return null
  if (error.status === 429) return error.retryAfterMs ?? RETRY_MS
  return error.status >= 500 ? error.retryAfterMs : null
}
