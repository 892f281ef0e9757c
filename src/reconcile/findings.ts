/** Finds where the database and the engine differ. Pure: rows and a listing go in, findings come out. */
import { byName, type Container } from '../domain/container.ts'
import { isCurrent, protectedContainers } from './ownership/ownership.ts'
import { containerName, imageContainerName, type Pool, portOf } from '../domain/pool.ts'
import { counted } from '../domain/text/counted.ts'
import type { Observed } from '../ports/engine.ts'
import type { PlanInput } from './plan/actions.ts'
import { isUnknown } from './plan/plan-container.ts'

type FindingKind =
  /** Recorded or configured, but not in the engine. */
  | 'missing'
  /** In the engine with our label, but not recorded. */
  | 'orphaned'
  /** Not the recorded container, or made from other settings. */
  | 'labels'
  /** Not in the recorded state, or stuck in a passing one. */
  | 'state'
  | 'port'
  /** Must be left alone: it may have a session in it, or belongs to another database. */
  | 'foreign'

export interface Finding {
  readonly kind: FindingKind
  readonly container: string
  readonly pool: string
  /** For people. */
  readonly detail: string
}

export interface DoctorInput
  extends Omit<PlanInput, 'busy' | 'peerNames' | 'missingImages' | 'peerNetworks' | 'lostNodes'> {
  /** Unfinished work counts as running for this long, milliseconds; 0 if no manager runs. */
  readonly patienceMs: number
}

/** Returns findings in natural order; none if there is no difference. */
export function examine({ observed: all, ...rest }: DoctorInput, now: number): Finding[] {
  const { pools, snapshot, ownership } = rest
  const left = protectedContainers(snapshot.containers, all, ownership)
  const foreign = left.map(({ observed, why }) => finding('foreign', observed, why))
  const leftAlone = new Set(left.map(({ observed }) => observed.name))
  const observed = all.filter((each) => !left.some((other) => other.observed === each))
  const input = { ...rest, observed }
  const seen = Map.groupBy(observed, ({ name }) => name)
  const rows = new Set(snapshot.containers.map(({ name }) => name))
  const slots = [
    ...snapshot.containers.map((row) => ({ row, findings: examineRow(input, row, seen.get(row.name) ?? [], now) })),
    ...pools.flatMap((pool) => unrecorded(pool, rows, seen)),
  ]
  const recorded = slots.sort((a, b) => byName(a.row, b.row)).flatMap(({ findings }) => findings)
  const named = new Set(slots.map(({ row }) => row.name))
  // A slot that is out of use for this reason gets no other finding.
  const others = recorded.filter(({ container }) => !leftAlone.has(container))
  return [...others, ...orphans(input, named, now), ...foreign]
}

/** Finds slots that a pool should have and that have no row. */
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

function examineRow(input: DoctorInput, row: Container, here: readonly Observed[], now: number): Finding[] {
  if (row.state === 'creating' || row.state === 'removing' || row.state === 'broken') {
    return unfinished(row, input.patienceMs, now)
  }
  // Quarantined while it was being created: what there is of it is removed when the quarantine ends.
  if (row.state === 'quarantined' && row.engineId === null) return []
  if (isUnknown(row, input.unreachable)) {
    const node = row.node ?? `one of ${[...input.unreachable].join(', ')}`
    return [finding('missing', row, `the engine cannot reach its node, ${node}`)]
  }
  const current = here.find((each) => isCurrent(row, each, input.ownership.database))
  const extra = here
    .filter((each) => each !== current)
    .map((each) => finding('orphaned', row, `another container has this name: ${nameOf(each)}`))
  if (current) return [...examineCurrent(input, row, current), ...extra]
  const [other] = here
  if (!other) return [finding('missing', row, `it is ${row.state} in the database, and not in the engine`)]
  const detail = `the database has ${nameOf(row)}, the engine has ${nameOf(other)}`
  return [finding('labels', row, detail), ...extra.slice(1)]
}

/** Compares the recorded container with its row. */
function examineCurrent({ pools, snapshot, specDigest }: DoctorInput, row: Container, current: Observed): Finding[] {
  const { state, generation, port } = row
  const pool = pools.find(({ name }) => name === row.pool)
  const isWanted = pool !== undefined && portOf(pool, row.number) !== undefined
  const isHeld = snapshot.reservations.some(({ holds }) => holds.some((hold) => hold.container === row.name))
  const found: Finding[] = []
  const report = (kind: FindingKind, detail: string) => found.push(finding(kind, row, detail))
  if (current.generation !== null && current.generation !== generation) {
    report('labels', `generation ${generation} in the database, ${current.generation} on its label`)
  }
  if (current.pool !== row.pool)
    report('labels', `of the pool ${row.pool} in the database, ${current.pool} on its label`)
  // A quarantined container stays in whatever state it is.
  if (state !== 'quarantined' && current.state !== 'running') {
    report('state', `it is ${state} in the database, and ${current.state} in the engine`)
  }
  if (current.state === 'running' && current.port !== port) {
    report('port', `port ${port} in the database, ${current.port ?? 'none'} in the engine`)
  }
  if (state === 'reserved' && !isHeld) report('state', 'it is reserved in the database, and no reservation holds it')
  if (state === 'ready' && !isWanted) report('state', 'it is ready, and berth.yml no longer has its slot')
  // While the image of its pool is being made, the container is lent as it is.
  const isSettled = isWanted && pool.preparedImage !== 'awaited'
  if (state === 'ready' && isSettled && current.spec !== specDigest(pool, row.number)) {
    report('labels', 'it was made from other settings than those of berth.yml')
  }
  return found
}

/** Finds containers that take too long to reach their next state. */
function unfinished(row: Container, patience: number, now: number): Finding[] {
  const { state, since, attempts, error } = row
  const minutes = Math.floor((now - since) / 60_000)
  const long = minutes === 0 ? 'less than a minute' : counted(minutes, 'minute')
  const why = error === null ? '' : `: ${error}`
  if (state === 'broken') return [finding('state', row, `it is broken after ${counted(attempts, 'attempt')}${why}`)]
  if (now - since <= patience) return []
  return [finding('state', row, `it has been in state ${state} for ${long}${why}`)]
}

function orphans({ pools, observed, patienceMs }: DoctorInput, named: ReadonlySet<string>, now: number): Finding[] {
  // A running manager makes an image from such a container, or removes it.
  const temporary = new Set(patienceMs > 0 ? pools.map(({ name }) => imageContainerName(name)) : [])
  return observed
    .filter((each) => !named.has(each.name) && !temporary.has(each.name) && now - each.createdAt > patienceMs)
    .map((each) =>
      finding('orphaned', each, `it is in the engine with our label, and not in the database: ${nameOf(each)}`),
    )
    .sort((a, b) => (a.container < b.container ? -1 : 1))
}

function finding(kind: FindingKind, { name, pool }: { name: string; pool: string }, detail: string): Finding {
  return { kind, container: name, pool, detail }
}

/** "generation 3, 0123456789ab" */
function nameOf(
  container: { readonly generation: number | null } & ({ id: string } | { engineId: string | null }),
): string {
  const id = 'id' in container ? container.id : container.engineId
  const generation = container.generation === null ? 'no generation' : `generation ${container.generation}`
  return id === null ? generation : `${generation}, ${id.slice(0, 12)}`
}
