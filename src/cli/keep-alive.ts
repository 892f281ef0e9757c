/** Tells the manager again and again that somebody still wants a reservation. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { BerthClient } from '../client/client.ts'

const EVERY = 20_000

/** A call that fails is no reason to stop: the next one may get through before the time is up. */
export function keepAlive(client: BerthClient, id: string, every: number = EVERY): { stop(): void } {
  const stopped = new AbortController()
  const { signal } = stopped
  void (async () => {
    while (!signal.aborted) {
      const params = { path: { id } }
      await client.POST('/v1/reservations/{id}/keepalive', { params, signal }).catch(() => undefined)
      await sleep(every, undefined, { signal, ref: false }).catch(() => undefined)
    }
  })()
  return { stop: () => stopped.abort() }
}
