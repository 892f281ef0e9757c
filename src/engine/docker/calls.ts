import { translate, unavailable } from './errors.ts'

/**
 * Runs requests to one Docker: each bounded in time, cut off by `close`, and failing with a BerthError (or a bug).
 * It does not trust a request to heed its signal.
 */
export class Calls {
  readonly #address: string
  readonly #open = new Set<AbortController>()
  #closed = false

  constructor(address: string) {
    this.#address = address
  }

  /** `what` is for the message of an error: "start alpine-1". */
  async run<T>(what: string, deadlineMs: number, request: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#closed) throw unavailable(what, this.#address, 'closed')
    const control = new AbortController()
    const { signal } = control
    const timer = setTimeout(() => control.abort(`no answer within ${deadlineMs} ms`), deadlineMs)
    this.#open.add(control)
    try {
      return await Promise.race([request(signal), rejectOn(signal)])
    } catch (error) {
      throw signal.aborted ? unavailable(what, this.#address, signal.reason) : translate(error, what, this.#address)
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
