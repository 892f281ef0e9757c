import type { EventFeed } from './event-feed.ts'

/**
 * Calls `poll` now and after each matching event until it is done, the time is over, or the client is gone. Returns
 * what the last call found.
 */
export async function pollUntil<T>(
  feed: EventFeed,
  poll: () => Promise<{ done: boolean; found: T }>,
  { which, waitMs, gone }: { which: { readonly reservation: string }; waitMs: number; gone: AbortSignal },
): Promise<T> {
  // Before the first call, so that a write during it is not missed.
  const { latest, leave } = await feed.join()
  try {
    const over = AbortSignal.any([AbortSignal.timeout(waitMs), gone])
    for (let after = latest; ; ) {
      const { done, found } = await poll()
      if (done || over.aborted) return found
      after = (await feed.read(after, which, over)).next
    }
  } finally {
    leave()
  }
}
