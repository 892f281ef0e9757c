import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { INSTANCE_LABEL } from '../labels.ts'
import type { Docker } from './connection.ts'

/** What may change without us and matters; the events of every exec (the most frequent by far) do not. */
const EVENTS = ['start', 'die', 'oom', 'pause', 'unpause', 'rename', 'destroy']

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5_000

export interface Watch {
  readonly docker: Docker
  readonly instance: string
  /** Longest wait for Docker to open the stream of events. */
  readonly connectMs: number
  readonly onChange: () => void
}

/**
 * Calls `onChange` for each handful of Docker's events about one instance, whatever they say: an event is a hint to
 * look, never a fact. Reconnects for ever; what happens in between is unknown, so that a connection is lost is a change, and
 * a reconnect is another one. Says nothing while Docker is away: every other request does.
 */
export function watchContainers(watch: Watch): () => void {
  const stop = new AbortController()
  listen(watch, stop.signal).catch(() => undefined)
  return () => stop.abort()
}

async function listen(watch: Watch, stopped: AbortSignal): Promise<void> {
  let pause = FIRST_PAUSE_MS
  for (let first = true; !stopped.aborted; first = false) {
    const connection = new AbortController()
    const { signal } = connection
    let connected = false
    stopped.addEventListener('abort', () => connection.abort(), { once: true, signal })
    try {
      const events = await open(watch, connection)
      pause = FIRST_PAUSE_MS
      connected = true
      if (!first) watch.onChange()
      for await (const _ of events) watch.onChange()
    } catch {
      // Not reachable, or cut off: both are normal when Docker restarts.
    } finally {
      connection.abort()
    }
    if (connected && !stopped.aborted) watch.onChange()
    await sleep(pause, undefined, { signal: stopped })
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
  }
}

async function open({ docker, instance, connectMs }: Watch, connection: AbortController): Promise<Readable> {
  const timer = setTimeout(() => connection.abort(), connectMs)
  try {
    const filters = { type: ['container'], label: [`${INSTANCE_LABEL}=${instance}`], event: EVENTS }
    return await docker.follow('/events', { query: { filters }, signal: connection.signal })
  } finally {
    clearTimeout(timer)
  }
}
