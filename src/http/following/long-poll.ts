/** Answers that wait for something to happen, instead of clients that ask again and again. */
import type { ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { FastifyReply } from 'fastify'
import type { Store } from '../../core/store.ts'

/** Also looked at this often, for what another manager wrote, in milliseconds. */
const LOOK_EVERY = 1_000

/** Listens from now on, so that nothing that is written during a look is missed. */
export function nextWrite(
  store: Pick<Store, 'onEvents'>,
  over: AbortSignal,
): { happened: Promise<void>; stop: () => void } {
  const { promise: happened, resolve: stop } = Promise.withResolvers<void>()
  const unlisten = store.onEvents(stop)
  const timer = setTimeout(stop, LOOK_EVERY)
  const onAbort = () => stop()
  over.addEventListener('abort', onAbort)
  void happened.then(() => {
    clearTimeout(timer)
    over.removeEventListener('abort', onAbort)
    unlisten()
  })
  return { happened, stop }
}

/** Aborted when the client has closed its connection. */
export function whenGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  return gone.signal
}

/**
 * Closes the connection once nothing has left on it for that long: there was nothing, or its client has taken nothing. Node
 * does so by itself where nobody listens to "timeout", and a listener for each answer took a tenth of the time of a GET.
 */
export function cutOffAfter({ socket }: ServerResponse, ms: number): void {
  // An injected request comes over none.
  if (socket instanceof Socket) socket.setTimeout(ms)
}
