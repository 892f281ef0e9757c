import type { EventFeed } from './event-feed.ts'

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
