/** Revokes access: after a release, at the end of a reservation, after a reserve that failed. */
import { codeOf } from '../domain/errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Door } from '../ports/door.ts'
import type { Engine } from '../ports/engine.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { ReservationWithContainers, Store } from '../ports/store.ts'

export interface RevocationDeps {
  readonly store: Store
  readonly engine: Engine
  readonly clock: Clock
  readonly metrics: Metrics
  /** Absent where the engine publishes the SSH ports for tenants: only the engine can confirm that access has ended. */
  readonly door?: Door | undefined
}

/** Time that the doors have to confirm the end of access after the engine has failed to. */
const DOORS_AFTER_FAILURE_MS = 1_000

/**
 * Ends access to the containers of a reservation that is ending, open sessions included, and records the end. Throws if
 * neither the engine nor the doors could confirm it; the reservation stays `ending` then, and the expiry loop tries
 * again.
 */
export async function revoke(context: RevocationDeps, held: ReservationWithContainers): Promise<void> {
  const { store, clock, metrics } = context
  const { reservation } = held
  await endAccess(context, held)
  const { endedAt, expiresAt } = reservation
  const now = clock()
  const due = Math.min(endedAt ?? now, expiresAt ?? now)
  if (!(await store.finish(reservation.id, now))) return
  metrics.observe('revoke', now - due)
  if (reservation.outcome !== null) metrics.ended(reservation.pool, reservation.outcome)
}

/**
 * Resolves when all connections of tenants are closed, or when the engine has killed everything in the containers,
 * whichever is first. If the engine has not, it goes on, and the planner destroys the containers: those of an ended
 * reservation are never lent again.
 */
async function endAccess(context: RevocationDeps, held: ReservationWithContainers): Promise<void> {
  const { engine, door, metrics } = context
  const killed = killAll(engine, held)
  if (!door || !isGuarded(door, held)) return killed
  const confirmed = new AbortController()
  const stop = () => confirmed.abort()
  const cut = door.cut(held.reservation, confirmed.signal)
  killed.then(stop, () => AbortSignal.timeout(DOORS_AFTER_FAILURE_MS).addEventListener('abort', stop))
  try {
    await Promise.any([killed, cut])
    killed.catch((error: unknown) => metrics.failure(codeOf(error)))
  } catch {
    // Both have failed. The engine's error says why.
    await killed
  }
}

function isGuarded(door: Door, { containers }: ReservationWithContainers): boolean {
  return containers.every(({ engineId }) => engineId === null || door.guards(engineId))
}

/** Counts a reservation that ended at `now` while it was waiting. `revoke` does not count it: it has no access. */
export async function countUnserved(
  { store, metrics }: Pick<RevocationDeps, 'store' | 'metrics'>,
  id: string,
  now: number,
): Promise<void> {
  const { state, pool, outcome = null, endedAt } = (await store.reservation(id)) ?? {}
  // If another manager has ended it, that one counts it.
  if (state !== 'ended' || endedAt !== now || outcome === null || pool === undefined) return
  metrics.ended(pool, outcome)
}

/**
 * Kills everything in the containers. Throws if the engine could not confirm it for one of them, after all were
 * tried. A container that the engine's ledger has lent to another reservation is left alone: another tenant is in it.
 */
export async function killAll(engine: Engine, { reservation, containers }: ReservationWithContainers): Promise<void> {
  const kills = await Promise.allSettled(
    containers.map(async ({ engineId }) => {
      if (engineId === null) return
      const lent = engine.lentTo(engineId)
      if (lent === null || lent === reservation.id) await engine.kill(engineId)
    }),
  )
  const refused = kills.find((kill) => kill.status === 'rejected')
  if (refused) throw refused.reason
}
