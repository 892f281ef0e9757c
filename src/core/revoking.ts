/** Ending somebody's access, wherever that is asked for: by release, by the sweep, after a reserve that failed. */
import type { Clock } from './clock.ts'
import type { Engine, Metrics } from './ports.ts'
import type { Held, Store } from './store.ts'

interface RevokingContext {
  readonly store: Store
  readonly engine: Engine
  readonly clock: Clock
  readonly metrics: Metrics
}

/**
 * Kills what runs in the containers of a reservation that is ending, open sessions and all, and calls it ended. Throws when
 * the engine could not confirm it; then it stays ending, and the sweep tries again.
 */
export async function revoke(context: RevokingContext, { reservation, containers }: Held): Promise<void> {
  const { store, engine, clock, metrics } = context
  const kills = await Promise.allSettled(
    containers.map(async ({ engineId }) => {
      if (engineId !== null) await engine.kill(engineId)
    }),
  )
  const refused = kills.find((kill) => kill.status === 'rejected')
  if (refused) throw refused.reason
  const { endedAt, expiresAt } = reservation
  const now = clock()
  const due = Math.min(endedAt ?? now, expiresAt ?? now)
  if (await store.finish(reservation.id, now)) metrics.observe('revoke', now - due)
}
