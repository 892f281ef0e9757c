/** Answers that wait for something to happen, instead of clients that ask again and again. */
import type { FastifyReply } from 'fastify'
import type { Store } from '../../core/store.ts'
import type { EventFeed } from './event-feed.ts'

/** Also looked at this often, for what another manager wrote, in milliseconds. */
const LOOK_EVERY = 1_000

/**
 * Looks now and after every event of this kind, until `look` finds something, the time is over, or the client is gone;
 * gives what the last look found.
 */
export async function lookUntil<T>(
  feed: EventFeed,
  look: () => Promise<{ done: boolean; found: T }>,
  { which, waitMs, gone }: { which: { readonly reservation: string }; waitMs: number; gone: AbortSignal },
): Promise<T> {
  // Before the look, so that nothing that is written during it is missed.
  const { latest, leave } = await feed.join()
  try {
    const over = AbortSignal.any([AbortSignal.timeout(waitMs), gone])
    for (let after = latest; ; ) {
      const { done, found } = await look()
      if (done || over.aborted) return found
      after = (await feed.read(after, which, over)).next
    }
  } finally {
    leave()
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
