/** A connection to the stream of events: opens it, reads its messages, and detects when it is dead. */
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { ApiError, type BerthClient, type paths, problemOf } from './client.ts'

type Query = NonNullable<paths['/v1/events']['get']['parameters']['query']>

/** Maximum time until the response begins. The manager answers at once, so a longer wait means a dead connection. */
const MAX_OPENING_MS = 5_000

/** Reads one response. Reconnecting needs a new instance. */
export class EventStream {
  readonly #dropped = new AbortController()
  readonly #signal: AbortSignal
  readonly #maxSilenceMs: number
  /** When the wait for the next bytes began, epoch milliseconds; null while the caller handles the previous ones. */
  #waitingSince: number | null = null

  /** The stream ends with `signal`, and fails when the manager sends nothing for `maxSilenceMs`. */
  constructor(signal: AbortSignal, maxSilenceMs: number) {
    this.#signal = AbortSignal.any([signal, this.#dropped.signal])
    this.#maxSilenceMs = maxSilenceMs
  }

  /** Milliseconds since the wait for the next bytes began; 0 while the caller handles the previous ones. */
  get silentMs(): number {
    return this.#waitingSince === null ? 0 : Date.now() - this.#waitingSince
  }

  /** Closes the connection: `messages` throws this reason. */
  drop(reason: Error): void {
    this.#dropped.abort(reason)
  }

  /**
   * Returns the messages that each chunk completes: an empty array for a heartbeat. Throws an `ApiError` if the manager
   * refuses, or if the response is not a stream of events.
   */
  async *messages(client: BerthClient, query: Query): AsyncGenerator<EventSourceMessage[]> {
    try {
      const reader = (await this.#withinLimit(open(client, query, this.#signal), MAX_OPENING_MS)).getReader()
      try {
        yield* this.#chunks(reader)
      } finally {
        await reader.cancel().catch(() => undefined)
      }
    } catch (error) {
      throw this.#dropped.signal.aborted ? this.#dropped.signal.reason : error
    }
  }

  async *#chunks(reader: ReadableStreamDefaultReader<Uint8Array>): AsyncGenerator<EventSourceMessage[]> {
    const received: EventSourceMessage[] = []
    const parser = createParser({ onEvent: (message) => received.push(message) })
    const decoder = new TextDecoder()
    for (;;) {
      const { done, value } = await this.#withinLimit(reader.read())
      if (done) return
      parser.feed(decoder.decode(value, { stream: true }))
      yield received.splice(0)
    }
  }

  async #withinLimit<T>(wait: Promise<T>, maxMs = this.#maxSilenceMs): Promise<T> {
    this.#waitingSince = Date.now()
    const limitMs = Math.min(maxMs, this.#maxSilenceMs)
    const onTimeout = () => this.drop(new Error(`the manager has sent nothing for ${limitMs / 1_000} s`))
    const timer = setTimeout(onTimeout, limitMs)
    try {
      return await wait
    } finally {
      clearTimeout(timer)
      this.#waitingSince = null
    }
  }
}

async function open(client: BerthClient, query: Query, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
  const headers = { accept: 'text/event-stream' }
  const { data, error, response } = await client.GET('/v1/events', {
    params: { query },
    headers,
    signal,
    parseAs: 'stream',
  })
  if (error !== undefined || !response.ok) throw problemOf(error, response)
  const body = data as ReadableStream<Uint8Array> | undefined
  const isStream = /^text\/event-stream\b/i.test(response.headers.get('content-type') ?? '')
  if (body && isStream) return body
  // A page of a proxy, such as a sign-in form.
  await body?.cancel()
  throw problemOf(null, response)
}

/** Codes of responses that do not come from the manager, but from a proxy or a captive portal. */
const FOREIGN_CODES: readonly string[] = ['unreachable', 'not_berth', 'https_required']

/** Returns whether another attempt may succeed: after anything but a refusal by the manager itself. */
export function mayRecover(error: unknown): boolean {
  if (!(error instanceof ApiError)) return true
  return error.status >= 500 || error.status === 429 || FOREIGN_CODES.includes(error.code)
}

/** Resolves after this time, or as soon as the signal is aborted. Browsers have no node:timers. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, signal.aborted ? 0 : ms)
    signal.addEventListener('abort', end)
  })
}
