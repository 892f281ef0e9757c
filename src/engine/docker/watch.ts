import type { Readable } from 'node:stream'
import type { Docker } from './api/client.ts'
import type { Timers } from '../timers.ts'

/** Events that may change a listing. Those of execs, by far the most frequent, are left out. */
const EVENTS = ['start', 'die', 'oom', 'pause', 'unpause', 'rename', 'destroy']

const FIRST_PAUSE_MS = 100
const MAX_PAUSE_MS = 5_000

export interface Watch {
  readonly docker: Docker
  /** Labels of the watched containers, `name=value` each: containers with any of them are watched. */
  readonly labels: readonly string[]
  /** Maximum wait for Docker to open the stream of events. */
  readonly connectMs: number
  readonly timers: Timers
  readonly onChange: () => void
}

/**
 * Calls `onChange` for each chunk of Docker's events about containers with one of the labels, whatever the events are:
 * they only hint that a listing may differ. Reconnects for ever. Events in between are lost, so a lost connection and a
 * reconnect count as changes. Reports no error while Docker is away: every other request does. Returns a function that
 * stops it.
 */
export function watchContainers(watch: Watch): () => void {
  const stop = new AbortController()
  for (const label of watch.labels) follow(watch, label, stop.signal).catch(() => undefined)
  return () => stop.abort()
}

async function follow(watch: Watch, label: string, stopped: AbortSignal): Promise<void> {
  let pause = FIRST_PAUSE_MS
  for (let first = true; !stopped.aborted; first = false) {
    const connection = new AbortController()
    const { signal } = connection
    let connected = false
    stopped.addEventListener('abort', () => connection.abort(), { once: true, signal })
    try {
      const events = await open(watch, label, connection)
      pause = FIRST_PAUSE_MS
      connected = true
      if (!first) watch.onChange()
      for await (const _ of events) watch.onChange()
    } catch {
      // Docker is not reachable, or the connection was lost: both are normal when Docker restarts.
    } finally {
      connection.abort()
    }
    if (connected && !stopped.aborted) watch.onChange()
    await watch.timers.sleep(pause, stopped)
    pause = Math.min(pause * 2, MAX_PAUSE_MS)
  }
}

async function open({ docker, connectMs }: Watch, label: string, connection: AbortController): Promise<Readable> {
  const timer = setTimeout(() => connection.abort(), connectMs)
  try {
    const filters = { type: ['container'], label: [label], event: EVENTS }
    return await docker.follow('/events', { query: { filters }, signal: connection.signal })
  } finally {
    clearTimeout(timer)
  }
}
