/** Where the database and the engine tell different stories. Pure: rows and a listing go in, findings come out. */
import { byName, type Container } from './container.ts'
import { isCurrent } from './plan-container.ts'
import { containerName, type Pool, portOf } from './pool.ts'
import type { Observed } from './ports.ts'
import type { Snapshot } from './store.ts'

type FindingKind =
  /** Recorded or configured, and not there. */
  | 'missing'
  /** There, with our label, and not recorded. */
  | 'orphaned'
  /** Not the one that was recorded, or made from other settings. */
  | 'labels'
  /** Not in the state that was recorded, or stuck in one that should pass. */
  | 'state'
  | 'port'

export interface Finding {
  readonly kind: FindingKind
  readonly container: string
  readonly pool: string
  /** For people. */
  readonly detail: string
}

export interface Examined {
  /** With the sizes that they have now. */
  readonly pools: readonly Pool[]
  readonly snapshot: Snapshot
  /** Listed after the snapshot was read. */
  readonly observed: readonly Observed[]
  /** The digest that a container of this place would bear if it were made now. */
  readonly specDigest: (pool: Pool, number: number) => string
  /** For how long something unfinished counts as under way, milliseconds; 0 when no manager is at work. */
  readonly patience: number
}

/** In natural order; empty when all is well. */
export function examine(examined: Examined, now: number): Finding[] {
  const { pools, snapshot, observed } = examined
  const seen = Map.groupBy(observed, ({ name }) => name)
  const rows = new Set(snapshot.containers.map(({ name }) => name))
  const places = [
    ...snapshot.containers.map((row) => ({ row, findings: examineRow(examined, row, seen.get(row.name) ?? [], now) })),
    ...pools.flatMap((pool) => unrecorded(pool, rows, seen)),
  ]
  const recorded = places.sort((a, b) => byName(a.row, b.row)).flatMap(({ findings }) => findings)
  const named = new Set(places.map(({ row }) => row.name))
  return [...recorded, ...orphans(examined, named, now)]
}

/** Places that a pool should have, and of which there is no row. */
function unrecorded(pool: Pool, rows: ReadonlySet<string>, seen: ReadonlyMap<string, readonly Observed[]>) {
  return pool.ports.slice(0, pool.size).flatMap((_, index) => {
    const row = { name: containerName(pool.name, index + 1), pool: pool.name, number: index + 1 }
    if (rows.has(row.name)) return []
    const found = seen.has(row.name)
    const detail = found
      ? 'it is in the engine, and not in the database: no manager has taken it over yet'
      : 'berth.yml wants it, and it is neither in the database nor in the engine'
    return [{ row, findings: [finding(found ? 'orphaned' : 'missing', row, detail)] }]
  })
}

function examineRow(examined: Examined, row: Container, here: readonly Observed[], now: number): Finding[] {
  if (row.state === 'creating' || row.state === 'removing' || row.state === 'broken') {
    return unfinished(row, examined.patience, now)
  }
  // Put aside while it was being made: whatever there is of it goes when it is returned.
  if (row.state === 'quarantined' && row.engineId === null) return []
  const current = here.find((each) => isCurrent(row, each))
  const extra = here
    .filter((each) => each !== current)
    .map((each) => finding('orphaned', row, `there is another one of this name: ${nameOf(each)}`))
  if (current) return [...examineCurrent(examined, row, current), ...extra]
  const [other] = here
  if (!other) return [finding('missing', row, `it is ${row.state} in the database, and not in the engine`)]
  const detail = `the database has ${nameOf(row)}, the engine has ${nameOf(other)}`
  return [finding('labels', row, detail), ...extra.slice(1)]
}

/** What runs is the one that was recorded; is it also as it was recorded? */
function examineCurrent({ pools, snapshot, specDigest }: Examined, row: Container, current: Observed): Finding[] {
  const { state, generation, port } = row
  const pool = pools.find(({ name }) => name === row.pool)
  const wanted = pool !== undefined && portOf(pool, row.number) !== undefined
  const held = snapshot.reservations.some(({ holds }) => holds.some((hold) => hold.container === row.name))
  const found: Finding[] = []
  const report = (kind: FindingKind, detail: string) => found.push(finding(kind, row, detail))
  if (current.generation !== null && current.generation !== generation) {
    report('labels', `generation ${generation} in the database, ${current.generation} on its label`)
  }
  if (current.pool !== row.pool)
    report('labels', `of the pool ${row.pool} in the database, ${current.pool} on its label`)
  // In quarantine it stays as it is, whatever that is.
  if (state !== 'quarantined' && current.state !== 'running') {
    report('state', `it is ${state} in the database, and ${current.state} in the engine`)
  }
  if (current.state === 'running' && current.port !== port) {
    report('port', `port ${port} in the database, ${current.port ?? 'none'} in the engine`)
  }
  if (state === 'reserved' && !held) report('state', 'it is reserved in the database, and no reservation holds it')
  if (state === 'ready' && !wanted) report('state', 'it is ready, and berth.yml has no place for it any more')
  if (state === 'ready' && wanted && current.spec !== specDigest(pool, row.number)) {
    report('labels', 'it was made from other settings than those of berth.yml')
  }
  return found
}

/** On its way to the next state: nothing to say about that unless it does not get on. */
function unfinished(row: Container, patience: number, now: number): Finding[] {
  const { state, since, attempts, error } = row
  const minutes = Math.floor((now - since) / 60_000)
  const long = minutes === 0 ? 'less than a minute' : `${minutes} minutes`
  const why = error === null ? '' : `: ${error}`
  if (state === 'broken') return [finding('state', row, `it is broken after ${attempts} attempts${why}`)]
  if (now - since <= patience) return []
  return [finding('state', row, `it has been ${state} for ${long}${why}`)]
}

function orphans({ observed, patience }: Examined, named: ReadonlySet<string>, now: number): Finding[] {
  return observed
    .filter((each) => !named.has(each.name) && now - each.createdAt > patience)
    .map((each) =>
      finding('orphaned', each, `it is in the engine with our label, and not in the database: ${nameOf(each)}`),
    )
    .sort((a, b) => (a.container < b.container ? -1 : 1))
}

function finding(kind: FindingKind, { name, pool }: { name: string; pool: string }, detail: string): Finding {
  return { kind, container: name, pool, detail }
}

/** "generation 3, 0123456789ab" */
function nameOf(one: { readonly generation: number | null } & ({ id: string } | { engineId: string | null })): string {
  const id = 'id' in one ? one.id : one.engineId
  const generation = one.generation === null ? 'no generation' : `generation ${one.generation}`
  return id === null ? generation : `${generation}, ${id.slice(0, 12)}`
}
