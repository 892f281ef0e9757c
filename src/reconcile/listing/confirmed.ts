/** Confirms by single requests which containers are gone: the listing of a cluster may be older than the rows. */
import type { Snapshot } from '../../domain/snapshot.ts'
import type { Engine, EngineListing } from '../../ports/engine.ts'
import { isUnknown } from '../plan/plan-container.ts'

/** Maximum number of requests at a time, when a whole pool is gone. */
const CONCURRENT = 20

/**
 * Returns the listing, corrected by what the engine reports about single containers. Asks for containers of rows that
 * the listing lacks, or shows as not started although they were ready: they would be replaced otherwise.
 */
export async function confirmed(
  engine: Engine,
  { containers }: Pick<Snapshot, 'containers'>,
  listing: EngineListing,
): Promise<EngineListing> {
  const listed = new Map(listing.observed.map((observed) => [observed.id, observed]))
  const unreachable = new Set(listing.unreachable)
  const doubtful = containers.flatMap((row) => {
    const isInUse = row.state === 'creating' || row.state === 'ready' || row.state === 'reserved'
    if (!isInUse || row.engineId === null || isUnknown(row, unreachable)) return []
    const observed = listed.get(row.engineId)
    return observed === undefined || (row.state === 'ready' && observed.state === 'created') ? [row.engineId] : []
  })
  if (doubtful.length === 0) return listing
  for (let start = 0; start < doubtful.length; start += CONCURRENT) {
    const ids = doubtful.slice(start, start + CONCURRENT)
    const found = await Promise.all(ids.map((id) => engine.inspect(id)))
    for (const observed of found) if (observed !== null) listed.set(observed.id, observed)
  }
  return { ...listing, observed: [...listed.values()] }
}
