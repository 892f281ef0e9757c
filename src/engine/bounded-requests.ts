/**
 * Maximum size of each output of a command inside a container, so that it does not fill the manager's memory. The
 * longest that Berth reads, the names of an image's users, takes some KiB.
 */
export const MAX_OUTPUT_BYTES = 256 * 1024

/**
 * Turns what a request has failed with into the error to throw. `isAborted`: `error` is the reason why it was aborted,
 * and the engine may have carried it out or not.
 */
export type Failure = (error: unknown, isAborted: boolean) => unknown

/** Requests to an engine: each has a deadline, and is aborted by `close`. A request need not heed its signal. */
export class BoundedRequests {
  readonly #open = new Set<AbortController>()
  #closed = false

  async run<T>(deadlineMs: number, request: (signal: AbortSignal) => Promise<T>, failure: Failure): Promise<T> {
    if (this.#closed) throw failure('closed', true)
    const control = new AbortController()
    const { signal } = control
    const timer = setTimeout(() => control.abort(`no answer within ${deadlineMs} ms`), deadlineMs)
    this.#open.add(control)
    try {
      return await Promise.race([request(signal), rejectOn(signal)])
    } catch (error) {
      throw failure(signal.aborted ? signal.reason : error, signal.aborted)
    } finally {
      clearTimeout(timer)
      this.#open.delete(control)
    }
  }

  close(): void {
    this.#closed = true
    for (const control of this.#open) control.abort('closed')
  }
}

function rejectOn(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
}
