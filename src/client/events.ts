/** The events of the API as a stream that survives broken connections. */
import { createParser } from 'eventsource-parser'
import { ApiError, type BerthClient, type Event, type EventFilter, problemOf } from './client.ts'

/** Pauses between attempts to reconnect; the last one repeats. */
const RECONNECT_PAUSES_MS = [500, 1_000, 2_000, 5_000]
/** Maximum silence; the manager sends a heartbeat every 15 seconds. */
const MAX_SILENCE_MS = 45_000

export interface Following extends EventFilter {
  /** Return events after this one; by default only new ones. */
  readonly after?: number
  readonly signal?: AbortSignal
  /** Called when the connection broke, before the next attempt. */
  readonly onBroken?: (error: unknown) => void
}

/**
 * Returns every event once, oldest first, until the signal ends it. The first connection must succeed; later ones are
 * retried, and continue after the last event. Throws an `ApiError` if the manager refuses.
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
    await pause(RECONNECT_PAUSES_MS[Math.min(failures, RECONNECT_PAUSES_MS.length - 1)] ?? 0, signal)
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
  const received: Event[] = []
  const parser = createParser({ onEvent: ({ data }) => received.push(JSON.parse(data) as Event) })
  const decoder = new TextDecoder()
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await withinMaxSilence(reader.read())
      if (done) return
      parser.feed(decoder.decode(value, { stream: true }))
      yield* received.splice(0)
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

async function withinMaxSilence<T>(read: Promise<T>): Promise<T> {
  const done = new AbortController()
  const silence = async () => {
    await pause(MAX_SILENCE_MS, done.signal)
    throw new Error('the connection was silent for too long')
  }
  try {
    return await Promise.race([read, silence()])
  } finally {
    done.abort()
  }
}

/** Resolves after this time, or as soon as the signal is aborted. Browsers have no node:timers. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
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

/** Whether reconnecting may help: anything but a refusal. */
function isBroken(error: unknown): boolean {
  return !(error instanceof ApiError) || error.status >= 500
}
