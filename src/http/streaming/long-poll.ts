/** Parts of answers that wait for something to happen, so that clients need not poll. */
import type { FastifyReply } from 'fastify'
import type { Store } from '../../ports/store.ts'

/** Maximum time between reads of the database: writes of other managers cause no local notification. */
const POLL_MS = 1_000

/**
 * Waits for the next write from now on, so that a write during a read is not missed. `happened` resolves to true after
 * a write of this process, to false after POLL_MS or when stopped.
 */
export function nextWrite(
  store: Pick<Store, 'onEvents'>,
  over: AbortSignal,
): { happened: Promise<boolean>; stop: () => void } {
  const { promise: happened, resolve } = Promise.withResolvers<boolean>()
  const stop = () => resolve(false)
  const unlisten = store.onEvents(() => resolve(true))
  const timer = setTimeout(stop, POLL_MS)
  const onAbort = () => stop()
  over.addEventListener('abort', onAbort)
  void happened.then(() => {
    clearTimeout(timer)
    over.removeEventListener('abort', onAbort)
    unlisten()
  })
  return { happened, stop }
}

/** Returns a signal that is aborted when the client closes its connection. */
export function clientGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  return gone.signal
}
