/** Lets a load balancer remove a manager before it stops: /readyz answers 503 while requests are served. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'

/** The drain of one server. It does not end: the manager stops afterwards. */
export class Drain {
  #hasBegun = false
  readonly #closing = new AbortController()

  /** Makes /readyz answer 503, and each answer close its connection. Resolves after `ms` milliseconds; 0: no drain. */
  async begin(ms: number): Promise<void> {
    if (ms === 0) return
    this.#hasBegun = true
    await sleep(ms)
  }

  get hasBegun(): boolean {
    return this.#hasBegun
  }

  /** Aborted when the server closes: streams end, and waiting answers are sent with the present state. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  /** Aborts `closing` before the server closes and, after a drain, waits until all requests have been answered. */
  register(server: FastifyInstance, allAnswered: () => Promise<void>): void {
    server.addHook('preClose', async () => {
      this.#closing.abort()
      // Without a drain, a stop is fast: the next start resumes what is interrupted.
      if (this.#hasBegun) await allAnswered()
    })
  }
}
