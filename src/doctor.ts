/** What `berth doctor` does: compares the database with the engine, and fixes what it may. */
import { once } from 'node:events'
import { connect, createServer, type Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from './config/config.ts'
import { LiveConfig } from './config/live-config.ts'
import { describeEngine } from './config/engine/engine-address.ts'
import { systemClock } from './ports/clock.ts'
import { examine, type Finding } from './reconcile/findings.ts'
import { BerthError } from './domain/errors.ts'
import { createDigests } from './reconcile/spec-digests.ts'
import { mayHoldSession, type Protected, protectedContainers } from './reconcile/ownership/ownership.ts'
import { ORPHAN_AGE_MS } from './reconcile/plan/plan.ts'
import type { Metrics } from './ports/metrics.ts'
import { specDigest } from './engine/labels.ts'
import { formatFor, openLog } from './log/log.ts'
import { openComponents, type Components } from './compose.ts'
import { databaseOf } from './store/open-store.ts'

/** Differences are confirmed after this time: work in progress causes some that disappear. */
const CONFIRM_AFTER_MS = 2_000
/** Maximum time for a fix. Longer than `ORPHAN_AGE_MS`, because a manager removes no younger orphans. */
const FIX_DEADLINE_MS = ORPHAN_AGE_MS + 60_000
/** Pause between two checks whether everything is fixed. */
const FIX_INTERVAL_MS = 500

export interface Diagnosis {
  /** Current differences. */
  readonly findings: readonly Finding[]
  /** Differences that are gone. */
  readonly fixed: readonly Finding[]
  /** How many rows and containers were compared. */
  readonly rows: number
  readonly containers: number
  /** Name, version and address of the engine, for people. */
  readonly engine: string
  /** Whether a manager is running. */
  readonly serving: boolean
}

interface Examination extends Pick<Diagnosis, 'findings' | 'rows' | 'containers'> {
  /** Containers that a manager leaves alone: only an operator may have them replaced. */
  readonly left: readonly Protected[]
}

export interface FixOptions {
  /** Called with each step. */
  readonly report: (text: string) => void
  /** Whether containers may be replaced in which a tenant may be logged in. */
  readonly confirm: (containers: readonly Protected[]) => Promise<boolean>
}

export async function diagnose(config: Config, fix: FixOptions | null): Promise<Diagnosis> {
  await assertComparable(config)
  const log = openLog('warn', formatFor(process.stderr))
  const deps = { clock: systemClock, log, metrics: NO_METRICS, nudge: () => undefined }
  const components = await openComponents(new LiveConfig(config), deps)
  // The process on this port is the manager: the port is held while the doctor works in its place.
  const port = fix ? await takePort(config.listen) : null
  const serving = fix ? port === null : await isServing(config.listen)
  try {
    // The ledger can only be read while the firewall runs.
    if (fix) await components.engine.provision()
    // In place of a manager, the doctor resumes what an earlier one began.
    if (port) await components.store.registerManager()
    const { left, ...before } = await examineTwice(config, components, serving)
    const engine = describeEngine(config.engine)
    if (!fix || before.findings.length === 0) return { ...before, engine, fixed: [], serving }
    fix.report(serving ? 'waiting for the running manager, which fixes this by itself' : 'fixing')
    await takeOver(components, left, fix.confirm)
    const { left: _, ...after } = await untilFixed(config, components, serving)
    const remaining = new Set(after.findings.map(keyOf))
    const fixed = before.findings.filter((finding) => !remaining.has(keyOf(finding)))
    return { ...after, engine, fixed, serving }
  } finally {
    port?.close()
    await components.close()
  }
}

async function assertComparable(config: Config): Promise<void> {
  if (config.engine.kind === 'memory') {
    const why = 'containers of engine: memory exist only inside their manager'
    throw new BerthError('invalid_config', `${why}; GET /v1/containers shows them`)
  }
  const database = databaseOf(config)
  if (!(await database.exists())) {
    const what = `there is no database ${database.name}`
    throw new BerthError('invalid_config', `${what}: no manager has served with this berth.yml yet`)
  }
  const pending = await database.pendingMigrations()
  if (pending.length > 0) {
    const what = `${database.name} has the schema of an older version (without ${pending.join(', ')})`
    throw new BerthError(
      'invalid_config',
      `${what}; \`berth migrate\` or the next \`berth serve\` brings it up to date`,
    )
  }
}

async function examineTwice(config: Config, components: Components, serving: boolean): Promise<Examination> {
  const first = await examineOnce(config, components, serving)
  if (first.findings.length === 0) return first
  await sleep(CONFIRM_AFTER_MS)
  const second = await examineOnce(config, components, serving)
  const before = new Set(first.findings.map(keyOf))
  return { ...second, findings: second.findings.filter((finding) => before.has(keyOf(finding))) }
}

/** Reads the rows before the engine, so that a listing is never older than the rows. */
async function examineOnce(
  { instance }: Config,
  { pools, store, engine, ownershipOf, reconciler }: Components,
  serving: boolean,
): Promise<Examination> {
  await reconciler.refreshImages()
  const snapshot = await store.snapshot()
  const { observed, unreachable } = await engine.list()
  pools.resize(snapshot.sizes)
  const ownership = await ownershipOf(observed, snapshot, engine.presence())
  const findings = examine(
    {
      pools: pools.all(),
      snapshot,
      observed,
      unreachable: new Set(unreachable),
      ownership,
      specDigest: createDigests(instance, specDigest),
      patienceMs: serving ? ORPHAN_AGE_MS : 0,
    },
    systemClock(),
  )
  const left = protectedContainers(snapshot.containers, observed, ownership)
  return { findings, left, rows: snapshot.containers.length, containers: observed.length }
}

/**
 * Removes containers that were left alone, so that a manager can create its own in their slots. Those that were never
 * lent are removed at once; those that a tenant may be logged in to, after `confirm`. Containers of a live manager
 * stay: it would create them again.
 */
async function takeOver(
  { engine }: Components,
  left: readonly Protected[],
  confirm: FixOptions['confirm'],
): Promise<void> {
  const takeable = left.filter(({ standing }) => standing !== 'served')
  const occupied = takeable.filter(({ observed }) => mayHoldSession(observed))
  for (const { observed } of takeable) if (!mayHoldSession(observed)) await engine.remove(observed.id)
  if (occupied.length === 0 || !(await confirm(occupied))) return
  for (const { observed } of occupied) await engine.remove(observed.id)
}

/** Works as a manager would until no difference is left that may be fixed, or until the deadline. */
async function untilFixed(config: Config, components: Components, serving: boolean): Promise<Examination> {
  const deadline = systemClock() + FIX_DEADLINE_MS
  for (;;) {
    if (!serving) {
      await components.reconciler.tick()
      await components.reconciler.idle()
    }
    const examination = await examineOnce(config, components, serving)
    // Foreign containers that were not taken over stay.
    const isFixed = examination.findings.every(({ kind }) => kind === 'foreign')
    if (isFixed || systemClock() > deadline) return examination
    await sleep(FIX_INTERVAL_MS)
  }
}

/** Returns whether a manager, or another program, accepts connections at this address. */
export async function isServing({ host, port }: Config['listen']): Promise<boolean> {
  const reachable = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host
  const socket = connect({ host: reachable, port })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** Listens on the manager's port. Returns null if another process has it. */
async function takePort({ host, port }: Config['listen']): Promise<Server | null> {
  const server = createServer((socket) => socket.destroy())
  server.listen({ host, port, exclusive: true })
  try {
    await once(server, 'listening')
    return server
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return null
    throw error
  }
}

function keyOf({ kind, container }: Finding): string {
  return `${kind} ${container}`
}

const nothing = () => undefined
const NO_METRICS: Metrics = { observe: nothing, failure: nothing, refused: nothing, ended: nothing }
