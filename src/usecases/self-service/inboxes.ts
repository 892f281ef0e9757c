/** Requests that wait or are in work, by the container that sent them. */
import type { Clock } from '../../ports/clock.ts'
import { Allowance } from '../../domain/allowance.ts'
import { createLimit } from '../../domain/concurrency.ts'
import { reasonOf } from '../../domain/errors.ts'
import { parseSessionRequest, type SessionRequest } from '../../domain/session/request.ts'
import type { Log } from '../../ports/log.ts'

/** Requests of one container: enough for a person, and no load for the engine when a program repeats them. */
const ALLOWED_REQUESTS = { capacity: 10, perSecond: 1 / 5 }
/** Maximum number of requests in work: a tenant who is root can make each answer take seconds. */
const MAX_CONCURRENT_REQUESTS = 16

/** Holds one request in work and one that waits. A request that arrives meanwhile is dropped. */
interface Inbox {
  readonly allowance: Allowance
  inWork: Promise<void> | null
  next: SessionRequest | null
  /** Id of the latest request: a command that gets no answer sends it again. */
  latestId: string
}

interface InboxesDeps {
  readonly clock: Clock
  readonly log: Log
  /** Carries out the request of a container, which is named by its engine id. */
  readonly handle: (id: string, request: SessionRequest) => Promise<void>
}

export class Inboxes {
  readonly #deps: InboxesDeps
  readonly #limit = createLimit(MAX_CONCURRENT_REQUESTS)
  /** By engine id. */
  readonly #inboxes = new Map<string, Inbox>()

  constructor(deps: InboxesDeps) {
    this.#deps = deps
  }

  /** Accepts the line of a container if it is a new request within its allowance. Ignores any other line. */
  accept(id: string, line: string): void {
    const request = parseSessionRequest(line)
    if (request === null) return
    const now = this.#deps.clock()
    const inbox = this.#inboxes.get(id) ?? newInbox(now)
    this.#inboxes.set(id, inbox)
    if (inbox.next !== null || inbox.latestId === request.id || !inbox.allowance.take(1, now)) return
    inbox.next = request
    inbox.latestId = request.id
    inbox.inWork ??= this.#empty(id, inbox)
  }

  /** Forgets all other containers, except those with a request in work. */
  keep(ids: ReadonlySet<string>): void {
    for (const [id, { inWork }] of this.#inboxes) if (!ids.has(id) && inWork === null) this.#inboxes.delete(id)
  }

  /** Resolves when no request is in work. */
  async idle(): Promise<void> {
    for (;;) {
      const running = [...this.#inboxes.values()].flatMap(({ inWork }) => inWork ?? [])
      if (running.length === 0) return
      await Promise.all(running)
    }
  }

  async #empty(id: string, inbox: Inbox): Promise<void> {
    const { handle, log } = this.#deps
    for (let request = inbox.next; request !== null; request = inbox.next) {
      inbox.next = null
      const current = request
      await this.#limit(() => handle(id, current)).catch((error: unknown) => {
        log.warn(`${current.type} requested from inside a container failed`, {
          type: current.type,
          reason: reasonOf(error),
        })
      })
    }
    inbox.inWork = null
  }
}

function newInbox(now: number): Inbox {
  return { allowance: new Allowance(ALLOWED_REQUESTS, now), inWork: null, next: null, latestId: '' }
}
