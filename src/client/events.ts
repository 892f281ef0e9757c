/** The events of the API as streams that survive broken connections. */
import { ApiError, type BerthClient, type Event, type EventFilter } from './client.ts'
import { EventStream, mayRecover, pause } from './event-stream.ts'
import { type LiveMessage, type LiveOptions, Outage, readLive } from './live.ts'

export type { LiveMessage, LiveOptions, PoolCounts } from './live.ts'

/** Pauses between attempts to reconnect; the last one repeats. */
const RECONNECT_PAUSES_MS = [500, 1_000, 2_000, 5_000]
/** Maximum silence; the manager sends a heartbeat every 10 seconds. */
const MAX_SILENCE_MS = 45_000
/** Maximum silence of a live view. Shorter, so that it does not show old data as live for long. */
const MAX_LIVE_SILENCE_MS = 20_000
/** Silence after which `hurry` replaces a connection: after a sleep, it may be dead without any error. */
const HURRY_SILENCE_MS = 5_000

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
      const stream = new EventStream(signal, MAX_SILENCE_MS)
      for await (const messages of stream.messages(client, { ...filter, ...continuing(last) })) {
        connected = true
        for (const { data } of messages) {
          const event = JSON.parse(data) as Event
          failures = 0
          last = event.id
          yield event
        }
      }
    } catch (error) {
      if (signal.aborted) return
      if (!connected || !mayRecover(error)) throw error
      onBroken?.(error)
    }
    await pause(RECONNECT_PAUSES_MS[Math.min(failures, RECONNECT_PAUSES_MS.length - 1)] ?? 0, signal)
    failures += 1
  }
}

/**
 * Returns every event from the first connection on, once and in order, and the other messages of a live view. Retries
 * without limit while the manager does not answer or something else answers in its place. Throws an `ApiError` only if
 * the manager itself refuses, for instance because the token was deleted.
 */
export async function* followLive(client: BerthClient, options: LiveOptions = {}): AsyncGenerator<LiveMessage> {
  const { signal = new AbortController().signal, maxSilenceMs = MAX_LIVE_SILENCE_MS } = options
  const outage = new Outage()
  let last: number | undefined
  while (!signal.aborted) {
    const stream = new EventStream(signal, maxSilenceMs)
    const replaced = new Error('the connection is replaced by a new one')
    const unlisten = listen(options.hurry, () => {
      if (stream.silentMs > HURRY_SILENCE_MS) stream.drop(replaced)
    })
    let openedAt: number | null = null
    let problem: unknown = new Error('the manager has closed the connection')
    try {
      for await (const messages of stream.messages(client, { live: true, ...continuing(last) })) {
        if (openedAt === null) yield { kind: 'connected' }
        openedAt ??= Date.now()
        for (const { event, id, data } of messages) {
          const { message, after = last } = readLive(event, id, data)
          last = after
          if (message) yield message
        }
      }
    } catch (error) {
      problem = error
    } finally {
      unlisten()
    }
    if (signal.aborted) return
    const isForgotten = last !== undefined && isTooLate(problem)
    if (isForgotten) last = undefined
    if (isForgotten || problem === replaced) continue
    if (!mayRecover(problem)) throw problem
    const retryInMs = outage.nextPause(openedAt, Date.now())
    yield* waitToRetry({ kind: 'broken', error: problem, retryInMs }, outage, signal, options.hurry)
  }
}

/** Reports the broken connection, then waits for its pause. `hurry` ends the pause and the outage. */
async function* waitToRetry(
  broken: Extract<LiveMessage, { kind: 'broken' }>,
  outage: Outage,
  signal: AbortSignal,
  hurry: EventTarget | undefined,
): AsyncGenerator<LiveMessage> {
  const hurried = new AbortController()
  const unlisten = listen(hurry, () => {
    outage.end()
    hurried.abort()
  })
  try {
    yield broken
    await pause(broken.retryInMs, AbortSignal.any([signal, hurried.signal]))
  } finally {
    unlisten()
  }
}

function continuing(last: number | undefined): { after?: number } {
  return last === undefined ? {} : { after: last }
}

function listen(hurry: EventTarget | undefined, listener: () => void): () => void {
  hurry?.addEventListener('hurry', listener)
  return () => hurry?.removeEventListener('hurry', listener)
}

/** Returns whether the id was refused because the log has no event that late: a backup was restored. */
function isTooLate(error: unknown): boolean {
  return error instanceof ApiError && error.status === 422 && error.violations.some(({ path }) => path === 'after')
}
