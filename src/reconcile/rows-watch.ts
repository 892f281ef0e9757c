/** Notices changes by other managers, so that the leader need not wait for its next tick. */
import type { Snapshot } from '../domain/snapshot.ts'
import type { Store } from '../ports/store.ts'

/** Calls `onChange` after rows of containers or reservations have changed. Returns a function that stops this. */
export function watchRows(store: Pick<Store, 'onEvents' | 'snapshot'>, onChange: () => void): () => void {
  let seen: Snapshot | null = null

  async function read(): Promise<void> {
    // If the database cannot be read now, the next tick reads it.
    const snapshot = await store.snapshot().catch(() => seen)
    if (snapshot === seen) return
    seen = snapshot
    onChange()
  }

  return store.onEvents(() => void read())
}
