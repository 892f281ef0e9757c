/**
 * The only timers of the reconciler: calls `tick` when something is due, when nudged, and at least every few seconds.
 */
import type { Clock } from '../ports/clock.ts'
import { BerthError, reasonOf } from '../domain/errors.ts'
import type { Log } from '../ports/log.ts'
import { RecurringProblems } from './recurring-problems.ts'

/** Longest time between two ticks. setTimeout overflows at 24.8 days and would fire at once. */
const MAX_PAUSE_MS = 5_000
/** Nudges come in bursts: one tick serves all that arrive within this time. */
const NUDGE_DELAY_MS = 25
/** Nudges cause no tick for this many times the duration of the last one. */
const REST_FACTOR = 4
const FAILURE_PAUSE_MS = 1_000

export interface Loop {
  /** Something has changed: tick soon. Any number of nudges causes one tick. */
  nudge(): void
  /** Tick by this time, in epoch milliseconds: something will be due that no earlier tick can have seen. */
  expect(at: number): void
  /** Starts no further tick; resolves when the running one has ended. */
  stop(): Promise<void>
}

/** Calls `run` once, after this many milliseconds. Returns a function that prevents it. */
export type StartTimer = (run: () => void, ms: number) => () => void

const startTimer: StartTimer = (run, ms) => {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}

/**
 * Calls `tick` with whether it was nudged; it returns when to call it again, in epoch milliseconds. `timer` must follow
 * `clock`: Node's timers by default.
 */
export function startLoop(
  tick: (nudged: boolean) => Promise<number>,
  clock: Clock,
  log: Log,
  timer: StartTimer = startTimer,
): Loop {
  const problems = new RecurringProblems({ log, clock })
  let cancel = () => {}
  let running: Promise<void> | undefined
  let stopped = false
  let nudged = false
  /** Start of the next tick, epoch milliseconds; during a tick, the earliest time that was expected since it began. */
  let next = Number.POSITIVE_INFINITY
  /**
   * Earliest tick that a nudge may cause: REST_FACTOR × the last tick's duration after it, so that filling a pool
   * does not poll.
   */
  let rested = 0

  async function run(): Promise<void> {
    const wasNudged = nudged
    nudged = false
    next = Number.POSITIVE_INFINITY
    const start = clock()
    let hasFailed = false
    const due = await tick(wasNudged).catch((error: unknown) => {
      // The message of an expected failure is enough.
      const stack = error instanceof Error && !(error instanceof BerthError) ? error.stack : undefined
      const message = 'tick failed; it is tried again'
      problems.occurred('tick', { level: 'error', message, reason: reasonOf(error), fields: { stack } })
      hasFailed = true
      return clock() + FAILURE_PAUSE_MS
    })
    if (!hasFailed && problems.solved('tick')) log.info('ticks work again')
    const now = clock()
    rested = now + REST_FACTOR * Math.max(0, now - start)
    const expected = next
    running = undefined
    next = Number.POSITIVE_INFINITY
    wakeBy(Math.min(due, expected, nudged ? afterNudge(now) : Number.POSITIVE_INFINITY, now + MAX_PAUSE_MS))
  }

  function afterNudge(now: number): number {
    return Math.max(now + NUDGE_DELAY_MS, rested)
  }

  /** Never moves the next tick to a later time. */
  function wakeBy(at: number): void {
    if (stopped || at >= next) return
    next = at
    if (running) return
    cancel()
    cancel = timer(
      () => {
        running = run()
      },
      Math.min(Math.max(at - clock(), 1), MAX_PAUSE_MS),
    )
  }

  wakeBy(clock())
  return {
    nudge() {
      if (nudged) return
      nudged = true
      if (!running) wakeBy(afterNudge(clock()))
    },
    expect: wakeBy,
    async stop() {
      stopped = true
      cancel()
      await running
    },
  }
}
