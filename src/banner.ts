/** What a starting manager prints for people: its settings, and how the pools fill; or why it cannot start. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from './config/config.ts'
import { describeEngine } from './config/engine-address.ts'
import type { Container, ContainerState } from './domain/container.ts'
import { BerthError, reasonOf } from './domain/errors.ts'
import { forTerminal, linesForTerminal } from './domain/text/foreign-text.ts'
import type { Pool } from './domain/pool.ts'
import { poolProblem, type Pools } from './domain/pools.ts'
import type { Engine } from './ports/engine.ts'
import type { Store } from './ports/store.ts'

const POLL_INTERVAL_MS = 500
const SETTLED: readonly ContainerState[] = ['ready', 'reserved', 'quarantined']

export async function printBanner(address: string, config: Config, engine: Engine): Promise<void> {
  const version = await engine.version().catch((error: unknown) => `not there yet: ${reasonOf(error)}`)
  printLine('Berth')
  printLine('  serving', address)
  printLine('  config', config.file)
  printLine('  database', config.database)
  printLine('  engine', `${version}, ${describeEngine(config.engine)}`)
  printLine('  accounts', config.accounts)
  printLine('  access', accessOf(config))
}

/** Printed once, on stdout and never in the log, so that only the user who starts the manager sees it. */
export function printFirstToken(text: string | null): void {
  if (text === null) return
  printLine('  token', 'a new admin token, because no admin had a valid one; shown only once. To use it:')
  printLine('', `export BERTH_TOKEN=${text}`)
}

function accessOf({ auth, signOn }: Config): string {
  if (auth === 'none') return 'every caller is an admin (auth: none)'
  return signOn ? `with a token, or one of ${signOn.issuer}` : 'with a token'
}

/**
 * Prints how the pools fill until they are full for the first time, and what `leftAlone` returns whenever that changes.
 * Returns a function that stops it.
 */
export function followFilling(store: Store, pools: Pools, leftAlone: () => string): () => Promise<void> {
  const stopped = new AbortController()
  const done = printProgress({ store, pools, leftAlone }, stopped.signal)
  return async () => {
    stopped.abort()
    await done
  }
}

interface FillingDeps {
  readonly store: Store
  readonly pools: Pools
  readonly leftAlone: () => string
}

async function printProgress({ store, pools, leftAlone }: FillingDeps, signal: AbortSignal): Promise<void> {
  let last = ''
  const problems = new Map<string, string>()
  let left = ''
  while (!signal.aborted) {
    const { containers } = await store.snapshot()
    const counts = readyCounts(containers, pools.all())
    if (counts !== last) printLine('  pools', counts)
    last = counts
    for (const { name } of pools.all()) {
      const problem = poolProblem(containers, name)
      if (problem !== null && problem !== problems.get(name))
        printLine('  problem', `${name} cannot lend any container: ${problem}`)
      if (problem !== null) problems.set(name, problem)
    }
    if (leftAlone() !== left && leftAlone() !== '') printLine('  left', leftAlone())
    left = leftAlone()
    if (containers.length > 0 && containers.every((c) => SETTLED.includes(c.state))) return
    await sleep(POLL_INTERVAL_MS, undefined, { signal }).catch(() => undefined)
  }
}

function readyCounts(containers: readonly Container[], pools: readonly Pool[]): string {
  const counts = pools.map(({ name, size }) => {
    const ours = containers.filter((c) => c.pool === name)
    const count = (state: string) => ours.filter((c) => c.state === state).length
    const parts = [`${count('ready')} of ${size} ready`, `${count('reserved')} reserved`, `${count('broken')} broken`]
    return `${name}: ${parts.filter((part) => !part.startsWith('0 ') || part.includes('ready')).join(', ')}`
  })
  return counts.join(', ')
}

/** Prints the error and ends the process. Unexpected errors are printed with their stack. */
export function printAndExit(error: unknown): never {
  const text = error instanceof BerthError ? error.message : error instanceof Error ? error.stack : reasonOf(error)
  process.stderr.write(linesForTerminal(`berth: ${text}\n`))
  process.exit(1)
}

function printLine(what: string, value = ''): void {
  process.stdout.write(`${what.padEnd(value === '' ? 0 : 12)}${forTerminal(value)}\n`)
}
