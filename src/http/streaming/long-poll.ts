/** Parts of answers that wait for something to happen, so that clients need not poll. */
import type { ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { FastifyReply } from 'fastify'
import type { Store } from '../../ports/store.ts'

/** Longest wait without a look at the database, for what another manager wrote. */
const POLL_MS = 1_000

/** Resolves with the next write from now on, so that a write during a read is not missed. */
export function nextWrite(
  store: Pick<Store, 'onEvents'>,
  over: AbortSignal,
): { happened: Promise<void>; stop: () => void } {
  const { promise: happened, resolve: stop } = Promise.withResolvers<void>()
  const unlisten = store.onEvents(stop)
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

/**
 * Closes the connection after `ms` in which nothing was sent on it: there was nothing, or its client took nothing. Node
 * does that by itself when "timeout" has no listener. A listener for each answer took a tenth of the time of a GET.
 */
export function closeWhenIdle({ socket }: ServerResponse, ms: number): void {
  // An injected request has no real socket.
  if (socket instanceof Socket) socket.setTimeout(ms)
}
