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

type Context = Pick<ServerContext, 'store' | 'pools' | 'clock'>

/** Calls `which` after reading the rows, because that adopts the sizes that other managers have set. */
export async function viewPools(
  { store, pools, clock }: Context,
  which: () => readonly Pool[],
): Promise<Static<typeof PoolView>[]> {
  const rows = rowsByPool(await store.snapshot())
  const facts = await store.poolFacts()
  const now = clock()
  return which().map((pool) => ({
    ...countPool(rows(pool), pool, now),
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
    oldest_unclean_seconds: oldestUncleanMs(rows(pool).containers, now) / 1_000,
  }))
}

type PoolCounts = Pick<
  Static<typeof PoolView>,
  'name' | 'size' | 'containers' | 'waiting' | 'waiting_since' | 'next_free_at' | 'recycling_since' | 'problem'
>

/** Returns the counts of all pools as a live stream sends them. Every caller may see them. */
export async function countPools({ store, pools, clock }: Context): Promise<{ pools: PoolCounts[] }> {
  const rows = rowsByPool(await store.snapshot())
  const now = clock()
  return { pools: pools.all().map((pool) => countPool(rows(pool), pool, now)) }
}

/** Returns the counts of a pool. They contain no ages, which would change every second. */
function countPool(snapshot: Snapshot, pool: Pool, now: number): PoolCounts {
  const { name, size } = pool
  const { containers: rows } = snapshot
  const count = (state: ContainerState) => rows.filter((c) => c.state === state).length
  const queue = waitingFor(snapshot, name, now)
  const active = snapshot.reservations.filter((r) => r.pool === name && stateAt(r, now) === 'active')
  const recycling = rows.filter((c) => c.state === 'creating' || c.state === 'removing')
  return {
    name,
    size,
    containers: Object.fromEntries(CONTAINER_STATES.map((state) => [state, count(state)])),
    waiting: queue.length,
    waiting_since: earliest(queue.map((r) => r.createdAt)),
    next_free_at: earliest(active.flatMap((r) => r.expiresAt ?? [])),
    recycling_since: earliest(recycling.map((c) => c.since)),
    problem: poolProblem(rows, name),
  }
}

/** Returns a function for the rows of one pool. All rows are read once, however many pools there are. */
function rowsByPool({ containers, reservations, sizes }: Snapshot): (pool: Pool) => Snapshot {
  const containersOf = Map.groupBy(containers, ({ pool }) => pool)
  const reservationsOf = Map.groupBy(reservations, ({ pool }) => pool)
  return ({ name }) => ({
    containers: containersOf.get(name) ?? [],
    reservations: reservationsOf.get(name) ?? [],
    sizes,
  })
}

function earliest(times: readonly number[]): string | null {
  return times.length === 0 ? null : time(Math.min(...times))
}
