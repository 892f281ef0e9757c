/** How the API shows pools. */
import type { Static } from 'typebox'
import { CONTAINER_STATES, type ContainerState, oldestUncleanMs } from '../../domain/container.ts'
import type { Pool } from '../../domain/pool.ts'
import { waitingFor } from '../../domain/queue.ts'
import { poolProblem } from '../../domain/pools.ts'
import type { ServerContext } from '../context.ts'
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
    const inState = (state: ContainerState) => rows.filter((c) => c.state === state).length
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
      containers: Object.fromEntries(CONTAINER_STATES.map((state) => [state, inState(state)])),
      waiting: waitingFor(snapshot, pool.name, now).length,
      problem: poolProblem(rows, pool.name),
      oldest_unclean_seconds: oldestUncleanMs(rows, now) / 1_000,
    }
  })
}
