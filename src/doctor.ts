/** `berth doctor`, apart from what it prints: looks at database and engine of this machine, and mends what it may. */
import { existsSync } from 'node:fs'
import { once } from 'node:events'
import { connect, createServer, type Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from './config.ts'
import { systemClock } from './core/clock.ts'
import { examine, type Finding } from './core/doctor.ts'
import { BerthError } from './core/errors.ts'
import { ORPHAN_AGE } from './core/plan.ts'
import { portOf, specOf } from './core/pool.ts'
import type { Metrics } from './core/ports.ts'
import { specDigest } from './engine/labels.ts'
import { openLog } from './log.ts'
import { openParts, type Parts } from './parts.ts'
import { pendingSqlite } from './store/sqlite.ts'

/** What a manager or a command is doing this moment is no difference: it is gone when one looks again. */
const LOOK_AGAIN = 2_000
/** Orphans are left alone until they are old enough that nobody can be making them. */
const FIX_WITHIN = ORPHAN_AGE + 60_000
const ROUND = 500

export interface Diagnosis {
  /** What is different now. */
  readonly findings: readonly Finding[]
  /** What was different, and is not any more. */
  readonly fixed: readonly Finding[]
  /** How many rows and containers were compared. */
  readonly rows: number
  readonly containers: number
  /** Whether a manager is at work. */
  readonly serving: boolean
}

interface Look {
  readonly findings: Finding[]
  readonly rows: number
  readonly containers: number
}

/** `tell` is told what is being done. */
export async function diagnose(config: Config, fix: boolean, tell: (text: string) => void): Promise<Diagnosis> {
  await refuseWithoutDatabase(config.database)
  const log = await openLog('warn', process.stderr.isTTY)
  const parts = await openParts(config, { clock: systemClock, log, metrics: NO_METRICS, nudge: () => undefined })
  // Whoever has this port is the manager: it is held for as long as something is mended in its place.
  const port = fix ? await takePort(config.listen) : null
  const serving = fix ? port === null : await isServing(config.listen)
  try {
    const before = await lookTwice(config, parts, serving)
    if (!fix || before.findings.length === 0) return { ...before, fixed: [], serving }
    tell(serving ? 'a manager is serving: it mends this by itself' : 'mending')
    const after = await mend(config, parts, serving)
    return { ...after, fixed: without(before.findings, after.findings), serving }
  } finally {
    port?.close()
    await parts.close()
  }
}

async function refuseWithoutDatabase(file: string): Promise<void> {
  if (!existsSync(file)) {
    throw new BerthError(
      'invalid_config',
      `there is no database ${file}: no manager has served with this berth.yml yet`,
    )
  }
  const pending = await pendingSqlite(file)
  if (pending.length > 0) {
    const what = `${file} is of an older version (without ${pending.join(', ')})`
    throw new BerthError(
      'invalid_config',
      `${what}; \`berth migrate\` or the next \`berth serve\` brings it up to date`,
    )
  }
}

async function lookTwice(config: Config, parts: Parts, serving: boolean): Promise<Look> {
  const first = await look(config, parts, serving)
  if (first.findings.length === 0) return first
  await sleep(LOOK_AGAIN)
  const second = await look(config, parts, serving)
  return { ...second, findings: common(second.findings, first.findings) }
}

/** First the rows, then the engine: what is seen is never older than what is believed. */
async function look({ site }: Config, { pools, store, engine }: Parts, serving: boolean): Promise<Look> {
  const snapshot = await store.snapshot()
  const observed = await engine.list()
  pools.resize(snapshot.sizes)
  const findings = examine(
    {
      ...{ pools: pools.all(), snapshot, observed },
      specDigest: (pool, number) =>
        specDigest(specOf(site, pool, { number, port: portOf(pool, number) ?? 0, generation: null })),
      patience: serving ? ORPHAN_AGE : 0,
    },
    systemClock(),
  )
  return { findings, rows: snapshot.containers.length, containers: observed.length }
}

/** Until nothing is different any more, or it takes too long. */
async function mend(config: Config, parts: Parts, serving: boolean): Promise<Look> {
  const deadline = systemClock() + FIX_WITHIN
  for (;;) {
    if (!serving) {
      await parts.reconciler.tick()
      await parts.reconciler.idle()
    }
    const seen = await look(config, parts, serving)
    if (seen.findings.length === 0 || systemClock() > deadline) return seen
    await sleep(ROUND)
  }
}

async function isServing({ host, port }: Config['listen']): Promise<boolean> {
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

/** null when somebody has it. */
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

function common(now: readonly Finding[], before: readonly Finding[]): Finding[] {
  const keys = new Set(before.map(keyOf))
  return now.filter((finding) => keys.has(keyOf(finding)))
}

function without(before: readonly Finding[], now: readonly Finding[]): Finding[] {
  const keys = new Set(now.map(keyOf))
  return before.filter((finding) => !keys.has(keyOf(finding)))
}

function keyOf({ kind, container }: Finding): string {
  return `${kind} ${container}`
}

const NO_METRICS: Metrics = { observe: () => undefined, failure: () => undefined }
