/**
 * One event stream for all tabs of this browser, because it opens at most six connections to a manager over HTTP/1.1.
 * The tab that has the lock reads the stream and passes messages on. Without locks and channels, that is without https
 * on another host than localhost, each visible tab has a stream of its own.
 */
import type { LiveMessage } from '../../../src/client/events.ts'

type Open = (signal: AbortSignal) => AsyncIterable<LiveMessage>
type Take = (message: LiveMessage) => void

const NAME = 'berth-live'
/** What a new tab asks the leader, which answers with `connected`, the clock and the pools. */
const HELLO = 'hello'

/** Resolves when the signal is aborted. Rejects if the stream ends for good, as without a session. */
export async function shareStream(open: Open, take: Take, signal: AbortSignal): Promise<void> {
  if (!('locks' in navigator) || !('BroadcastChannel' in globalThis)) return readWhileVisible(open, take, signal)
  const channel = new BroadcastChannel(NAME)
  signal.addEventListener('abort', () => channel.close())
  channel.addEventListener('message', ({ data }: MessageEvent<readonly LiveMessage[] | typeof HELLO>) => {
    if (data !== HELLO) for (const message of data) take(message)
  })
  channel.postMessage(HELLO)
  await navigator.locks
    .request(NAME, { signal }, () => lead(channel, open, take, signal))
    .catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
}

async function lead(channel: BroadcastChannel, open: Open, take: Take, signal: AbortSignal): Promise<void> {
  /** The latest of each kind, for tabs that join. */
  const latest = new Map<LiveMessage['kind'], LiveMessage>()
  channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    if (data !== HELLO) return
    channel.postMessage([...latest.values()])
  })
  const post = postTogether(channel)
  for await (const message of open(signal)) {
    if (message.kind === 'connected') latest.delete('broken')
    if (message.kind === 'broken') latest.delete('connected')
    // A clock that was sent earlier is wrong by now, and `connected` leads to a read of everything.
    if (message.kind === 'connected' || message.kind === 'broken' || message.kind === 'pools') {
      latest.set(message.kind, message)
    }
    take(message)
    // Errors cannot be cloned as they are.
    post(message.kind === 'broken' ? { ...message, error: String(message.error) } : message)
  }
}

/**
 * Returns a function that passes on what arrives at once with one message: each costs some 50 µs, and a busy pool has
 * thousands of events in a second. Timers would do, but are slow in hidden tabs.
 */
function postTogether(channel: BroadcastChannel): (message: LiveMessage) => void {
  let waiting: LiveMessage[] = []
  const { port1, port2 } = new MessageChannel()
  port1.addEventListener('message', () => {
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
    await becomesVisible(true, signal)
    const hidden = new AbortController()
    void becomesVisible(false, signal).then(() => hidden.abort())
    for await (const message of open(AbortSignal.any([signal, hidden.signal]))) take(message)
  }
}

async function becomesVisible(visible: boolean, signal: AbortSignal): Promise<void> {
  const isSo = () => (document.visibilityState === 'visible') === visible
  await new Promise<void>((resolve) => {
    if (isSo() || signal.aborted) return resolve()
    const check = () => {
      if (!isSo() && !signal.aborted) return
      document.removeEventListener('visibilitychange', check)
      signal.removeEventListener('abort', check)
      resolve()
    }
    document.addEventListener('visibilitychange', check)
    signal.addEventListener('abort', check)
  })
}
