/** Answers that wait for something to happen, instead of clients that ask again and again. */
import type { FastifyReply } from 'fastify'
import type { Store } from '../../core/store.ts'

/** Also looked at this often, for what another manager wrote, in milliseconds. */
const LOOK_EVERY = 1_000

/**
 * Looks now and after every write, until `look` finds something, the time is over, or the client is gone; gives what the
 * last look found.
 */
export async function lookUntil<T>(
  store: Pick<Store, 'onEvents'>,
  look: () => Promise<{ done: boolean; found: T }>,
  { waitMs, gone }: { waitMs: number; gone: AbortSignal },
): Promise<T> {
  const over = AbortSignal.any([AbortSignal.timeout(waitMs), gone])
  for (;;) {
    const written = nextWrite(store, over)
    const { done, found } = await look()
    if (done || over.aborted) {
      written.stop()
      return found
    }
    await written.happened
  }
}

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

/** Closes the connection once nothing has left on it for that long: there was nothing, or its client has taken nothing. */
export function cutOffAfter(reply: FastifyReply, ms: number): void {
  reply.raw.setTimeout(ms, () => reply.raw.destroy())
}
