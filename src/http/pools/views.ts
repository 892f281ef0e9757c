/** How the API shows pools. */
import type { Static } from 'typebox'
import { CONTAINER_STATES, type ContainerState, oldestUncleanMs } from '../../domain/container.ts'
import type { Pool } from '../../domain/pool.ts'
import { waitingFor } from '../../domain/queue.ts'
import { poolProblem } from '../../domain/pools.ts'
import { stateAt } from '../../domain/reservation.ts'
import type { Snapshot } from '../../domain/snapshot.ts'
import type { ServerContext } from '../context.ts'
import { time } from '../time.ts'
import type { PoolView } from './schemas.ts'

export async function viewPools(
  { store, pools, clock }: Pick<ServerContext, 'store' | 'pools' | 'clock'>,
  which: readonly Pool[],
): Promise<Static<typeof PoolView>[]> {
  const snapshot = await store.snapshot()
  const facts = await store.poolFacts()
  const now = clock()
  return which.map((pool) => {
    const rows = snapshot.containers.filter((c) => c.pool === pool.name)
    return {
      name: pool.name,
      size: pool.size,
      configured_size: pools.configured(pool.name)?.size ?? pool.size,
      ports: pool.ports.length,
      image: pools.configured(pool.name)?.image ?? pool.image,
      os: facts.get(pool.name)?.os ?? null,
      memory_bytes: pool.memory,
      shm_bytes: pool.shm,
      disk_bytes: pool.disk,
      cpus: pool.cpus,
      pids: pool.pids,
      sudo: pool.sudo,
      reach: pool.reach,
      runtime: pool.runtime,
      duration_default_seconds: pool.duration.default / 1_000,
      duration_max_seconds: pool.duration.max / 1_000,
      hold: pool.hold && { max_seconds: pool.hold.max / 1_000, containers: pool.hold.containers },
      ...poolCounts(snapshot, pool.name, now),
      problem: poolProblem(rows, pool.name),
      oldest_unclean_seconds: oldestUncleanMs(rows, now) / 1_000,
    }
  })
}

type PoolCounts = Pick<
  Static<typeof PoolView>,
  'containers' | 'waiting' | 'waiting_since' | 'next_free_at' | 'recycling_since'
>

/** Returns how much of a pool is free, and what it waits for. Counts and times only: every caller may see them. */
export function poolCounts(snapshot: Snapshot, pool: string, now: number): PoolCounts {
  const rows = snapshot.containers.filter((c) => c.pool === pool)
  const count = (state: ContainerState) => rows.filter((c) => c.state === state).length
  const queue = waitingFor(snapshot, pool, now)
  const active = snapshot.reservations.filter((r) => r.pool === pool && stateAt(r, now) === 'active')
  const recycling = rows.filter((c) => c.state === 'creating' || c.state === 'removing')
  return {
    containers: Object.fromEntries(CONTAINER_STATES.map((state) => [state, count(state)])),
    waiting: queue.length,
    waiting_since: earliest(queue.map((r) => r.createdAt)),
    next_free_at: earliest(active.flatMap((r) => r.expiresAt ?? [])),
    recycling_since: earliest(recycling.map((c) => c.since)),
  }
}

function earliest(times: readonly number[]): string | null {
  return times.length === 0 ? null : time(Math.min(...times))
}
