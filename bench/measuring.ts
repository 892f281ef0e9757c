/** How things are measured: how long, how often in a second, and what is typical of it. */
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

/** Milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
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
