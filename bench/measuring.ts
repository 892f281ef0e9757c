/** How things are measured: how long, how often in a second, and what is typical of it. */
import { spawnSync } from 'node:child_process'
import { cpus } from 'node:os'
import { createLimit } from '../src/core/limit.ts'

export function median(all: readonly number[]): number {
  return percentile(all, 0.5)
}

/** The least value that at least this part of all reaches: of 20, the p99 is the greatest. */
export function percentile(all: readonly number[], part: number): number {
  const sorted = all.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN
}

/** Under each name, what was measured of it so far: nothing. */
export function series<Name extends string>(...names: readonly Name[]): Record<Name, number[]> {
  return Object.fromEntries(names.map((name): [string, number[]] => [name, []])) as Record<Name, number[]>
}

/** Nothing that was measured so far counts: all was still warming up. */
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

/** Milliseconds that a program takes to begin and end which does nothing; the median of several. */
export function processMs(): number {
  const took = Array.from({ length: PROCESSES }, () => {
    const began = performance.now()
    const { error } = spawnSync('true')
    if (error) throw error
    return performance.now() - began
  })
  return median(took)
}

/** In the report, of what is measured by `timedAndBusy`. */
export const WORK = 'what the cores worked meanwhile, if no core had ever had to wait'

export interface Took {
  readonly ms: number
  /** What it would have taken with all cores at work all the time. */
  readonly busy: number
}

/**
 * How long work took, and how long it would have, had all cores been busy with it and with nothing in vain: the time that
 * they spent on whatever ran meanwhile, over their number. Milliseconds; the kernel counts in steps of ten.
 */
export async function timedAndBusy(work: () => Promise<unknown>): Promise<Took> {
  const before = processorTime()
  const ms = await timed(work)
  return { ms, busy: (processorTime() - before) / cpus().length }
}

/** Milliseconds that the cores of this machine have worked since it was started, all together. */
function processorTime(): number {
  return cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0)
}

/** One after another: what one round leaves behind must not disturb the next. */
export async function inTurn(rounds: number, work: (round: number) => Promise<void>): Promise<void> {
  for (let round = 0; round < rounds; round += 1) await work(round)
}

/** Works on all of them, so many at once; gives how many a second. */
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

/** The fastest of several concurrencies. */
export async function fastest(
  concurrencies: readonly number[],
  rateAt: (concurrency: number, nth: number) => Promise<number>,
): Promise<Best> {
  const tried: Best[] = []
  for (const [nth, concurrency] of concurrencies.entries()) {
    tried.push({ concurrency, rate: await rateAt(concurrency, nth) })
  }
  return bestOf(tried)
}

export function bestOf(tried: readonly Best[]): Best {
  return tried.reduce((best, one) => (one.rate > best.rate ? one : best), { concurrency: 0, rate: 0 })
}
