/** How pools and containers look from outside. */
import type { Static } from 'typebox'
import { CONTAINER_STATES, type Container, type ContainerState, uncleanSince } from '../core/container.ts'
import { type Identity, maySee } from '../core/identity.ts'
import type { Pool } from '../core/pool.ts'
import { waitingFor } from '../core/queue.ts'
import type { Reservation } from '../core/reservation.ts'
import type { ServerContext } from './context.ts'
import type { ContainerView, PoolView } from './routes/pool-schemas.ts'
import { time } from './views.ts'

export async function viewPools(
  { store, pools, clock }: Pick<ServerContext, 'store' | 'pools' | 'clock'>,
  which: readonly Pool[],
): Promise<Static<typeof PoolView>[]> {
  const snapshot = await store.snapshot()
  const facts = await store.poolFacts()
  const now = clock()
  return which.map((pool) => {
    const rows = snapshot.containers.filter((c) => c.pool === pool.name)
    const inState = (state: ContainerState) => rows.filter((c) => c.state === state).length
    return {
      name: pool.name,
      size: pool.size,
      configured_size: pools.configured(pool.name)?.size ?? pool.size,
      ports: pool.ports.length,
      image: pool.image,
      os: facts.get(pool.name)?.os ?? null,
      memory_bytes: pool.memory,
      cpus: pool.cpus,
      pids: pool.pids,
      sudo: pool.sudo,
      reach: pool.reach,
      runtime: pool.runtime,
      duration_default_seconds: pool.duration.default / 1_000,
      duration_max_seconds: pool.duration.max / 1_000,
      containers: Object.fromEntries(CONTAINER_STATES.map((state) => [state, inState(state)])),
      waiting: waitingFor(snapshot, pool.name, now).length,
      oldest_unclean_seconds: Math.max(0, now - (uncleanSince(rows) ?? now)) / 1_000,
    }
  })
}

/** To whoever holds it, and to admins, it is told who holds it and what went wrong there: that may name a tenant. */
export function viewContainer(
  { name, pool, state, since, generation, port, hostKey, attempts, error }: Container,
  holders: ReadonlyMap<string, Reservation>,
  { sshHost, by }: { sshHost: string; by: Identity },
): Static<typeof ContainerView> {
  const holder = holders.get(name)
  const theirs = holder !== undefined && maySee(by, holder)
  return {
    ...{ name, pool, state, since: time(since), generation, reservation: theirs ? holder.id : null },
    ...{ host: sshHost, port, host_key: hostKey, attempts, error: theirs || by.role === 'admin' ? error : null },
  }
}
