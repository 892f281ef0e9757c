/** What a starting manager prints for people: its settings, and how the pools fill; or why it cannot start. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from './config/config.ts'
import { describeEngine } from './config/engine/engine-address.ts'
import type { Container, ContainerState } from './domain/container.ts'
import { BerthError, reasonOf } from './domain/errors.ts'
import type { Snapshot } from './domain/snapshot.ts'
import { counted } from './domain/text/counted.ts'
import { forTerminal, linesForTerminal } from './domain/text/foreign-text.ts'
import type { LocalTime } from './domain/text/local-time.ts'
import type { Pool } from './domain/pool.ts'
import type { Pools } from './domain/pools.ts'
import type { Engine } from './ports/engine.ts'
import type { Store } from './ports/store.ts'

const POLL_INTERVAL_MS = 500
/** Polls per line of progress: one line in 5 s, because the count of a large pool changes with each poll. */
const POLLS_PER_LINE = 10
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
 * Prints how the pools fill until they are full for the first time: the first and the last count, and every few seconds
 * a count in between. Problems of a pool are in the log. Returns a function that stops it.
 */
export function followFilling(store: Pick<Store, 'snapshot'>, pools: Pools): () => Promise<void> {
  const stopped = new AbortController()
  const done = printProgress(store, pools, stopped.signal)
  return async () => {
    stopped.abort()
    await done
  }
}

async function printProgress(store: Pick<Store, 'snapshot'>, pools: Pools, signal: AbortSignal): Promise<void> {
  let last = ''
  for (let polls = 0; !signal.aborted; polls += 1) {
    // The log reports that the database is unavailable. Here the count is read again at the next poll.
    const snapshot = await store.snapshot().catch(() => null)
    if (snapshot) {
      const { containers } = snapshot
      const isFull = containers.length > 0 && containers.every((c) => SETTLED.includes(c.state))
      const counts = readyCounts(containers, pools.all())
      if (counts !== last && (isFull || polls % POLLS_PER_LINE === 0)) {
        printLine('  pools', counts)
        last = counts
      }
      if (isFull) return
    }
    await sleep(POLL_INTERVAL_MS, undefined, { signal }).catch(() => undefined)
  }
}

function readyCounts(containers: readonly Container[], pools: readonly Pool[]): string {
  const counts = pools.map(({ name, size }) => {
    const count = (state: ContainerState) => containers.filter((c) => c.pool === name && c.state === state).length
    const reserved = count('reserved')
    return `${name}: ${count('ready')} of ${size} ready${reserved === 0 ? '' : `, ${reserved} reserved`}`
  })
  return counts.join(', ')
}

/** Prints that the first Ctrl-C or SIGTERM stops the manager. */
export function printStopping(): void {
  printLine('  stopping', 'current work is finished, in at most 4 s; a second Ctrl-C exits at once')
}

export interface Remaining {
  readonly snapshot: Snapshot
  /** Starts the manager again: "just run". */
  readonly command: string
  readonly localTime: LocalTime
  /** Whether other managers of the database are alive. */
  readonly hasOthers: boolean
}

/** Returns what stays when the manager stops: "8 containers and 3 reservations stay; `just run` goes on". */
export function describeRemaining({ snapshot, command, localTime, hasOthers }: Remaining): string {
  const { containers, reservations } = snapshot
  const open = reservations.filter(({ state }) => state !== 'ended')
  const ends = open.flatMap(({ expiresAt }) => expiresAt ?? [])
  const what = [
    counted(containers.length, 'container'),
    ...(open.length > 0 ? [counted(open.length, 'reservation')] : []),
  ]
  const stay = containers.length + open.length === 1 ? 'stays' : 'stay'
  if (hasOthers) return `${what.join(' and ')} ${stay} with the other managers`
  const stays = `${what.join(' and ')} ${stay}; \`${command}\` goes on`
  if (ends.length === 0) return stays
  const first = localTime.dateAndTime(Math.min(...ends))
  return `${stays}. Reservations whose time is up meanwhile end only then; the first at ${first}`
}

export function printStopped(remaining: string): void {
  printLine('  stopped', remaining)
}

/** Prints that a second Ctrl-C or SIGTERM has ended the manager at once. */
export function printAborted(): void {
  printLine('  exited', 'before current work was finished; the next start completes or undoes it')
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
