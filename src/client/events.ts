/** What happens, as it happens: the events of the API as a stream that survives broken connections. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createParser } from 'eventsource-parser'
import { ApiError, type BerthClient, type Event, type EventFilter, problemOf } from './client.ts'

/** Pauses between attempts to connect again, in milliseconds; the last one stays. */
const PAUSES = [500, 1_000, 2_000, 5_000]
/** The manager says something every 15 seconds, if only that it is there. */
const SILENCE = 45_000

export interface Following extends EventFilter {
  /** Events after this one; without it, only those from now on. */
  readonly after?: number
  readonly signal?: AbortSignal
  /** The connection broke; it will be tried again. */
  readonly onBroken?: (error: unknown) => void
}

/**
 * Every event once, oldest first, until the signal ends it. The first connection must succeed; later ones are tried
 * again and again, and begin where the last one broke off. What is refused (an `ApiError`) is thrown.
 */
export async function* followEvents(client: BerthClient, following: Following): AsyncGenerator<Event> {
  const { signal = new AbortController().signal, onBroken, after, ...filter } = following
  let last = after
  let connected = false
  let failures = 0
  while (!signal.aborted) {
    try {
      const body = await connect(client, { ...filter, ...(last !== undefined && { after: last }) }, signal)
      connected = true
      for await (const event of eventsOf(body)) {
        failures = 0
        last = event.id
        yield event
      }
    } catch (error) {
      if (signal.aborted) return
      if (!connected || !isBroken(error)) throw error
      onBroken?.(error)
    }
    await sleep(PAUSES[Math.min(failures, PAUSES.length - 1)], undefined, { signal }).catch(() => undefined)
    failures += 1
  }
}

async function connect(
  client: BerthClient,
  query: EventFilter & { after?: number },
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  const headers = { accept: 'text/event-stream' }
  const answer = await client.GET('/v1/events', { params: { query }, headers, signal, parseAs: 'stream' })
  if (answer.error !== undefined || !answer.response.ok) throw problemOf(answer.error, answer.response)
  if (!answer.data) throw problemOf(null, answer.response)
  return answer.data as ReadableStream<Uint8Array>
}

async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Event> {
  const heard: Event[] = []
  const parser = createParser({ onEvent: ({ data }) => heard.push(JSON.parse(data) as Event) })
  const decoder = new TextDecoder()
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await withinSilence(reader.read())
      if (done) return
      parser.feed(decoder.decode(value, { stream: true }))
      yield* heard.splice(0)
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

async function withinSilence<T>(something: Promise<T>): Promise<T> {
  const over = new AbortController()
  const silence = async () => {
    await sleep(SILENCE, undefined, { signal: over.signal })
    throw new Error('nothing was heard for too long')
  }
  try {
    return await Promise.race([something, silence()])
  } finally {
    over.abort()
  }
}

/** A refusal says so in an answer; whatever else happens is a connection that can be had again. */
function isBroken(error: unknown): boolean {
  return !(error instanceof ApiError) || error.status >= 500
}
