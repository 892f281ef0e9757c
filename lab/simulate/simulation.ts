/** A fleet, its managers and a day of users, in virtual time. What is measured is real time. */
import { MemoryAccounts } from '../../src/accounts/memory.ts'
import { MemoryHost } from '../../src/engine/memory/host.ts'
import type { Store } from '../../src/ports/store.ts'
import { mark } from '../database-mark.ts'
import { Client } from './client.ts'
import { openDatabase } from './database.ts'
import { fill, poolsOf } from './fleet.ts'
import { Ledger } from './ledger.ts'
import { type SimulatedManager, startSimulatedManager } from './manager.ts'
import type { SimulationOptions } from './options.ts'
import { Random } from './random.ts'
import { type Figures, Samples } from '../samples.ts'
import { Timeline } from './timeline.ts'
import { Users } from './user.ts'
import { Workload } from './workload.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** 07:50, ten minutes before the first classes. */
const START = Date.UTC(2030, 0, 7, 7, 50)
/** Interval at which lists are read. */
const LISTS_EVERY_MS = 5 * MINUTE
const LISTS = ['/available', '/v1/containers', '/v1/reservations', '/v1/pools'] as const

export interface SimulationResult {
  /** Containers lent twice, late ends, lost reservations, broken containers, logged errors; empty if there are none. */
  readonly problems: readonly string[]
  /** Number of reservations that were granted or queued. */
  readonly reservations: number
  /** Real milliseconds. */
  readonly times: Readonly<Record<string, Figures>>
  /** Number of answers, by "reserve 201". */
  readonly answers: Readonly<Record<string, number>>
  readonly fillSeconds: number
  readonly seconds: number
  readonly databaseBytes: { readonly before: number; readonly after: number }
  /** Resident memory of this process: managers, memory engine and users. */
  readonly residentBytes: number
}

/** Runs a simulation. Throws after an unexpected answer, or an error in a tick. */
export async function simulate(
  options: SimulationOptions,
  progress: (line: string) => void = () => {},
): Promise<SimulationResult> {
  const { hours } = options
  const database = await openDatabase(options.database)
  const timeline = new Timeline(START)
  const samples = new Samples()
  const random = new Random(options.seed)
  const host = new MemoryHost({ now: timeline.now })
  const accounts = new MemoryAccounts((id) => host.find(id)?.state === 'running')
  const pools = poolsOf(options.pools, options.containers)
  const client = new Client()
  const managers: SimulatedManager[] = []
  const observer = await database.open('')
  try {
    const self = mark(await observer.databaseId())
    const secondsToFill = startSeconds()
    const filled = { host, accounts, database: self, now: START }
    await database.edit((db) => fill(db, pools, filled))
    const fillSeconds = secondsToFill()
    progress(`${options.containers} containers are there after ${fillSeconds.toFixed(1)} s`)
    const before = await database.bytes()

    let ids = 0
    const errors: string[] = []
    const newId = () => `r${String(++ids).padStart(9, '0')}`
    for (let number = 1; number <= options.managers; number += 1) {
      const store = await database.open(`manager-${number}`)
      const shared = { timeline, host, accounts, database: self, pools, samples, newId, errors }
      managers.push(await startSimulatedManager({ ...shared, store }))
    }
    const ledger = new Ledger()
    const origins = managers.map(({ origin }) => origin)
    const users = new Users({ client, origins, ledger, samples })
    const names = pools.map(({ name }) => name)
    new Workload({ timeline, users, random, pools: names }).plan(options.users, hours)
    planLists(timeline, users)

    const settle = async () => {
      for (const manager of managers) await manager.idle()
    }
    const seconds = startSeconds()
    for (let hour = 0; hour < hours; hour += 1) {
      await timeline.run(START + Math.min(hour + 1, hours) * HOUR, settle)
      progress(`hour ${hour + 1} of ${hours} after ${Math.round(seconds())} s: ${ledger.reservations} reservations`)
    }
    return {
      problems: [...errors, ...(await problemsOf(ledger, observer, timeline.now()))],
      reservations: ledger.reservations,
      times: samples.figures(),
      answers: Object.fromEntries(users.answers),
      fillSeconds,
      seconds: seconds(),
      databaseBytes: { before, after: await database.bytes() },
      residentBytes: process.memoryUsage().rss,
    }
  } finally {
    client.close()
    for (const manager of managers) await manager.stop()
    await observer.close()
    database.remove()
  }
}

/** Reads the lists a minute after the start, and then at intervals. */
function planLists(timeline: Timeline, users: Users): void {
  const read = async (): Promise<void> => {
    for (const path of LISTS) await users.list(path)
    timeline.at(timeline.now() + LISTS_EVERY_MS, read)
  }
  timeline.at(START + MINUTE, read)
}

/** Returns a function that returns the seconds since this call. */
function startSeconds(): () => number {
  const began = performance.now()
  return () => (performance.now() - began) / 1_000
}

async function problemsOf(ledger: Ledger, store: Store, now: number): Promise<string[]> {
  const problems = await ledger.check(store, now)
  const { containers } = await store.snapshot()
  const unclean = containers.filter(({ error }) => error !== null)
  return [...problems, ...unclean.map(({ name, state, error }) => `${name} is ${state}: ${error}`)]
}
