/** Ending somebody's access, wherever that is asked for: by release, by the sweep, after a reserve that failed. */
import type { Clock } from './clock.ts'
import type { Container } from './container.ts'
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
  await cut(engine, containers)
  const { endedAt, expiresAt } = reservation
  const now = clock()
  const due = Math.min(endedAt ?? now, expiresAt ?? now)
  if (await store.finish(reservation.id, now)) metrics.observe('revoke', now - due)
}

/** Kills what runs in the containers. Throws when the engine could not confirm it for one of them, after it was asked for all. */
export async function cut(engine: Engine, containers: readonly Container[]): Promise<void> {
  const kills = await Promise.allSettled(
    containers.map(async ({ engineId }) => {
      if (engineId !== null) await engine.kill(engineId)
    }),
  )
  const refused = kills.find((kill) => kill.status === 'rejected')
  if (refused) throw refused.reason
}
