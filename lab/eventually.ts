import { setTimeout as sleep } from 'node:timers/promises'

/** Retries until `attempt` returns true; after `withinMs` throws its last error. */
export async function eventually(attempt: () => Promise<boolean>, withinMs = 30_000): Promise<void> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const outcome = await attempt().catch((error: unknown) => error)
    if (outcome === true) return
    if (performance.now() > deadline) throw outcome instanceof Error ? outcome : new Error('it never came true')
    await sleep(100)
  }
}
