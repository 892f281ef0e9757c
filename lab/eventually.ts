import { setTimeout as sleep } from 'node:timers/promises'

/**
 * For what another program does in its own time: tries until it is so, and fails with the last error after half a
 * minute.
 */
export async function eventually(attempt: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000
  for (;;) {
    const outcome = await attempt().catch((error: unknown) => error)
    if (outcome === true) return
    if (performance.now() > deadline) throw outcome instanceof Error ? outcome : new Error('it never came true')
    await sleep(100)
  }
}
