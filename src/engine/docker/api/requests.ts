import { BoundedRequests } from '../../bounded-requests.ts'
import { translate, unavailable } from './errors.ts'

/** Deadlines by kind of request, in milliseconds. An exec has its own. */
export const DEADLINES_MS = {
  version: 5_000,
  list: 10_000,
  inspect: 5_000,
  /** For connections to agents before they are needed. */
  attach: 5_000,
  /** Also for networks and the firewall. */
  create: 30_000,
  start: 30_000,
  /** Also for unblocking, and for reading the networks' addresses. */
  block: 2_000,
  kill: 10_000,
  /** For a container that is off the network, while others are killed. */
  killBlocked: 30_000,
  remove: 30_000,
  /** Until the stream of events is open; the stream itself has no deadline. */
  watch: 10_000,
}

export type Deadlines = Readonly<typeof DEADLINES_MS>

/**
 * Runs requests to one Docker. Each has a deadline, is aborted by `close`, and fails with a BerthError (or a bug). A
 * request need not heed its signal.
 */
export class Requests {
  readonly #address: string
  readonly #requests = new BoundedRequests()

  constructor(address: string) {
    this.#address = address
  }

  /** `what` names the request in errors: "start alpine-1". */
  async run<T>(what: string, deadlineMs: number, request: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return this.#requests.run(deadlineMs, request, (error, isAborted) =>
      isAborted ? unavailable(what, this.#address, error) : translate(error, what, this.#address),
    )
  }

  close(): void {
    this.#requests.close()
  }
}
