/** Computes series from the event log, the reservations and the counts of refusals. Reads in small pages. */
import { Occupancy } from '../../domain/series/occupancy.ts'
import type { PoolChange } from '../../domain/series/pool-change.ts'
import { pointsOf, type Series } from '../../domain/series/series.ts'
import { sizeMs } from '../../domain/series/sizes.ts'
import { type Steps, stepsOf } from '../../domain/series/steps.ts'
import { Waits } from '../../domain/series/waits.ts'
import type { Pools } from '../../domain/pools.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Store } from '../../ports/store.ts'
import { resolveEarlier, SPARSE_IDS } from './earlier-states.ts'

export interface SeriesRequest {
  /** null: all pools together. */
  readonly pool: string | null
  readonly from: number
  /** Not after the present. */
  readonly to: number
  readonly stepMs: number
}

export interface ComputeDeps {
  readonly store: Store
  readonly pools: Pools
  readonly clock: Clock
}

/** Number of ids in a read of events. Reading them takes some milliseconds. */
const PAGE = 2_000
/**
 * Events are read from this long before the span, because most recyclings that are under way at its start began there.
 * It is also more than the clocks of several managers differ.
 */
const LEAD_MS = 300_000

/** Returns figures of the steps that contain the span, without times from which no events are kept. */
export async function computeSeries(deps: ComputeDeps, { pool, from, to, stepMs }: SeriesRequest): Promise<Series> {
  const { store } = deps
  const steps = stepsOf(from, to, stepMs)
  const oldest = await store.oldestEvent()
  const series = { from: steps.from, to, stepMs, keptSince: oldest?.at ?? null }
  if (!oldest || oldest.at >= to) return { ...series, points: [] }
  const begin = Math.max(steps.from, oldest.at)
  const { containers } = await store.snapshot()
  const latest = await store.latestEvent()
  const firstId = await store.firstEventAt(begin - LEAD_MS)
  const lastId = Math.min(latest, (await store.firstEventAt(to + LEAD_MS)) - 1)

  const occupancy = new Occupancy(steps, begin)
  const scaled: PoolChange[] = []
  for (let after = firstId - 1; after < lastId; after += PAGE) {
    for (const change of await store.poolChanges({ after, upTo: Math.min(lastId, after + PAGE), pool })) {
      occupancy.add(change)
      if (change.kind === 'pool.scaled') scaled.push(change)
    }
  }
  const dropped: string[] = []
  const kinds = ['container.dropped', 'pool.scaled'] as const
  for (let after = lastId; after < latest; after += SPARSE_IDS) {
    const range = { after, upTo: Math.min(latest, after + SPARSE_IDS), pool, kinds }
    for (const change of await store.poolChanges(range)) {
      if (change.container === null) scaled.push(change)
      else dropped.push(change.container)
    }
  }
  const rows = containers.filter((row) => pool === null || row.pool === pool)
  const wanted = { pool, containers: occupancy.addUnchanged(rows, dropped), sizes: poolsOf(scaled) }
  const before = { oldest: oldest.id, latest: firstId - 1 }
  const earlier = await resolveEarlier(store, occupancy, wanted, before)
  occupancy.finish()
  const parts = {
    from: begin,
    occupancy,
    waits: await readWaits(deps, steps, begin, pool),
    sizes: sizesOf(deps, steps, begin, { pool, scaled: [...earlier.values(), ...scaled] }),
    refusals: await store.refusals(steps, pool),
  }
  return { ...series, points: pointsOf(steps, parts) }
}

async function readWaits({ store }: ComputeDeps, steps: Steps, from: number, pool: string | null): Promise<Waits> {
  const waits = new Waits(steps, from)
  for (let begin: number | null | undefined; begin !== null; ) {
    const { times, next }: Awaited<ReturnType<Store['reservationTimes']>> = await store.reservationTimes(
      { from, to: steps.to, pool },
      begin,
    )
    for (const each of times) waits.add(each)
    begin = next
  }
  return waits
}

function sizesOf(
  { pools }: ComputeDeps,
  steps: Steps,
  from: number,
  { pool, scaled }: { readonly pool: string | null; readonly scaled: readonly PoolChange[] },
): Float64Array[] {
  const configured = pools.all().flatMap(({ name }) => (pool === null || name === pool ? [name] : []))
  return [...new Set([...configured, ...poolsOf(scaled)])].map((name) => {
    const changes = scaled.filter((change) => change.pool === name)
    const sizes = { present: pools.named(name)?.size ?? 0, configured: pools.configured(name)?.size ?? 0 }
    return sizeMs(steps, from, changes, sizes)
  })
}

function poolsOf(scaled: readonly PoolChange[]): string[] {
  return [...new Set(scaled.flatMap((change) => change.pool ?? []))]
}
