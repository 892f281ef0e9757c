/** Durations and rates. */
import { spawnSync } from 'node:child_process'
import { cpus } from 'node:os'
import { percentile } from '../lab/percentile.ts'
import { createLimit } from '../src/domain/concurrency.ts'

export function median(all: readonly number[]): number {
  return percentile(all, 0.5)
}

/** Returns an empty series for each name. */
export function series<Name extends string>(...names: readonly Name[]): Record<Name, number[]> {
  return Object.fromEntries(names.map((name): [string, number[]] => [name, []])) as Record<Name, number[]>
}

/** Drops what was measured during the warm-up. */
export function startAfresh(measured: Record<string, number[]>): void {
  for (const figures of Object.values(measured)) figures.length = 0
}

/** Milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

const PROCESSES = 100

/** Returns how long a program that does nothing takes to start and end, in milliseconds; the median of several. */
export function processMs(): number {
  const took = Array.from({ length: PROCESSES }, () => {
    const began = performance.now()
    const { error } = spawnSync('true')
    if (error) throw error
    return performance.now() - began
  })
  return median(took)
}

/** Name of the limit in the report of what `timedAndBusy` measures. */
export const WORK = 'what the cores worked meanwhile, if no core had ever had to wait'

export interface Took {
  readonly ms: number
  /** How long it would have taken with all cores busy. */
  readonly busy: number
}

/**
 * Returns how long the work took, and how long it would have taken with all cores busy: the processor time of all that
 * ran meanwhile, divided by the number of cores. Milliseconds; the kernel counts in steps of ten.
 */
export async function timedAndBusy(work: () => Promise<unknown>): Promise<Took> {
  const before = processorTime()
  const ms = await timed(work)
  return { ms, busy: (processorTime() - before) / cpus().length }
}

/** Returns the processor time of this machine since it was started, in milliseconds, over all cores. */
function processorTime(): number {
  return cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0)
}

/** Runs the rounds one after another, so that none disturbs the next. */
export async function inTurn(rounds: number, work: (round: number) => Promise<void>): Promise<void> {
  for (let round = 0; round < rounds; round += 1) await work(round)
}

/** Works on all items with this concurrency. Returns the rate per second. */
export async function ratePerSecond<T>(
  all: readonly T[],
  concurrency: number,
  work: (one: T) => Promise<unknown>,
): Promise<number> {
  const limit = createLimit(concurrency)
  const ms = await timed(() => Promise.all(all.map((one) => limit(() => work(one)))))
  return (all.length / ms) * 1_000
}

export interface Best {
  readonly concurrency: number
  readonly rate: number
}

/** Returns the fastest of several concurrencies. */
export async function fastest(
  concurrencies: readonly number[],
  rateAt: (concurrency: number) => Promise<number>,
): Promise<Best> {
  const tried: Best[] = []
  for (const concurrency of concurrencies) tried.push({ concurrency, rate: await rateAt(concurrency) })
  return bestOf(tried)
}

export function bestOf(tried: readonly Best[]): Best {
  return tried.reduce((best, one) => (one.rate > best.rate ? one : best), { concurrency: 0, rate: 0 })
}
