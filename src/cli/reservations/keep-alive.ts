import { setTimeout as sleep } from 'node:timers/promises'
import type { BerthClient } from '../../client/client.ts'

const KEEPALIVE_INTERVAL_MS = 20_000

/** Sends keepalive calls for a reservation until it is stopped. A call that fails is followed by the next one. */
export function keepAlive(
  client: BerthClient,
  id: string,
  intervalMs: number = KEEPALIVE_INTERVAL_MS,
): { stop(): void } {
  const stopped = new AbortController()
  const { signal } = stopped
  void (async () => {
    while (!signal.aborted) {
      const params = { path: { id } }
      await client.POST('/v1/reservations/{id}/keepalive', { params, signal }).catch(() => undefined)
      await sleep(intervalMs, undefined, { signal, ref: false }).catch(() => undefined)
    }
  })()
  return { stop: () => stopped.abort() }
}
