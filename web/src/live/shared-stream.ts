/**
 * Shares one event stream between all tabs, because a browser opens at most six HTTP/1.1 connections to a manager.
 * The tab that holds the lock reads the stream and passes messages on. Browsers offer locks only over https or on
 * localhost; elsewhere, each visible tab reads a stream of its own.
 */
import type { LiveMessage } from '../../../src/client/events.ts'

type Open = (signal: AbortSignal) => AsyncIterable<LiveMessage>
type Take = (message: LiveMessage) => void

const NAME = 'berth-live'
/** Message of a new tab. The tab that reads answers with the connection state and the latest counts of the pools. */
const HELLO = 'hello'

/** Resolves when the signal is aborted. Rejects if the manager refuses, for instance because the session has ended. */
export async function shareStream(open: Open, take: Take, signal: AbortSignal): Promise<void> {
  if (!('locks' in navigator) || !('BroadcastChannel' in globalThis)) return readWhileVisible(open, take, signal)
  const channel = new BroadcastChannel(NAME)
  signal.addEventListener('abort', () => channel.close())
  channel.addEventListener('message', ({ data }: MessageEvent<readonly LiveMessage[] | typeof HELLO>) => {
    if (data !== HELLO) for (const message of data) take(message)
  })
  channel.postMessage(HELLO)
  await navigator.locks
    .request(NAME, { signal }, () => readForAll(channel, open, take, signal))
    .catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
}

async function readForAll(channel: BroadcastChannel, open: Open, take: Take, signal: AbortSignal): Promise<void> {
  /** The latest message of each kind, for new tabs. */
  const latest = new Map<LiveMessage['kind'], LiveMessage>()
  channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    if (data !== HELLO) return
    channel.postMessage([...latest.values()])
  })
  const post = batchPosts(channel, signal)
  for await (const message of open(signal)) {
    if (message.kind === 'connected') latest.delete('broken')
    if (message.kind === 'broken') latest.delete('connected')
    // An earlier clock would be wrong by now, and events are not needed: `connected` causes a read of all lists.
    if (message.kind === 'connected' || message.kind === 'broken' || message.kind === 'pools') {
      latest.set(message.kind, message)
    }
    take(message)
    // Not every error can be cloned.
    post(message.kind === 'broken' ? { ...message, error: String(message.error) } : message)
  }
}

/**
 * Returns a function that posts messages of the same turn together: each post costs some 50 µs, and a busy pool has
 * thousands of events per second. Uses no timer, because browsers slow timers down in hidden tabs.
 */
function batchPosts(channel: BroadcastChannel, signal: AbortSignal): (message: LiveMessage) => void {
  let waiting: LiveMessage[] = []
  const { port1, port2 } = new MessageChannel()
  port1.addEventListener('message', () => {
    // The channel is closed by then, and would throw.
    if (signal.aborted) return
    channel.postMessage(waiting)
    waiting = []
  })
  port1.start()
  return (message) => {
    if (waiting.push(message) === 1) port2.postMessage(null)
  }
}

async function readWhileVisible(open: Open, take: Take, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await untilVisible(true, signal)
    const hidden = new AbortController()
    void untilVisible(false, signal).then(() => hidden.abort())
    for await (const message of open(AbortSignal.any([signal, hidden.signal]))) take(message)
  }
}

/** Resolves when the page is visible, or hidden if `visible` is false, or when the signal is aborted. */
async function untilVisible(visible: boolean, signal: AbortSignal): Promise<void> {
  const isDone = () => signal.aborted || (document.visibilityState === 'visible') === visible
  await new Promise<void>((resolve) => {
    if (isDone()) return resolve()
    const check = () => {
      if (!isDone()) return
      document.removeEventListener('visibilitychange', check)
      signal.removeEventListener('abort', check)
      resolve()
    }
    document.addEventListener('visibilitychange', check)
    signal.addEventListener('abort', check)
  })
}
