/** Ending somebody's access, wherever that is asked for: by release, by the sweep, after a reserve that failed. */
import type { Engine, Held, Store } from './ports.ts'

/**
 * Kills what runs in the containers of a reservation that is ending, open sessions and all, and calls it ended. Throws when
 * the engine could not confirm it; then it stays ending, and the sweep tries again.
 */
export async function revoke(engine: Engine, store: Store, { reservation, containers }: Held): Promise<void> {
  const kills = await Promise.allSettled(
    containers.map(async ({ engineId }) => {
      if (engineId !== null) await engine.kill(engineId)
    }),
  )
  const refused = kills.find((kill) => kill.status === 'rejected')
  if (refused) throw refused.reason
  await store.finish(reservation.id)
}
