/** How a server leaves a load balancer: it says so first, goes on serving, and finishes its requests. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'

/** Begins once: a manager that drains stops afterwards. */
export class Drain {
  #hasBegun = false
  readonly #closing = new AbortController()

  /** From now on /readyz answers 503, and each answer closes its connection. Resolves after this time; 0: no drain. */
  async begin(ms: number): Promise<void> {
    if (ms === 0) return
    this.#hasBegun = true
    await sleep(ms)
  }

  get hasBegun(): boolean {
    return this.#hasBegun
  }

  /** Aborted when the server closes: streams end, and answers that wait for something are sent as things are. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  /** Registers what the server does before it closes. `answered` resolves when all requests have been answered. */
  register(server: FastifyInstance, answered: () => Promise<void>): void {
    server.addHook('preClose', async () => {
      this.#closing.abort()
      // Without a drain, a stop is fast: the next start resumes what is interrupted.
      if (this.#hasBegun) await answered()
    })
  }
}
