/** The only place with timers: calls `tick` when something is due or expected, when nudged, and at least every few seconds. */
import type { Clock } from './clock.ts'
import { reasonOf } from './errors.ts'
import type { Log } from './ports.ts'

/** Also keeps setTimeout far from the 24.8 days at which it overflows and fires at once. */
const LONGEST_PAUSE = 5_000
/** Hints come in bursts: one tick answers all that arrive within this time. */
const HINT_PAUSE = 25
/** How much longer than a tick the pause after it is, for all that only hints ask for. */
const REST = 4
const PAUSE_AFTER_FAILURE = 1_000

export interface Loop {
  /** Something has changed: tick soon. Any number of nudges makes one tick. */
  nudge(): void
  /** Something will be due at this time, in epoch milliseconds, that no earlier tick can have seen: tick by then. */
  expect(at: number): void
  /** No tick begins after this; resolves when the running one has ended. */
  stop(): Promise<void>
}

/** `tick` is told whether it was nudged, and gives the time at which it wants to be called again, in epoch milliseconds. */
export function startLoop(tick: (nudged: boolean) => Promise<number>, clock: Clock, log: Log): Loop {
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let stopped = false
  let nudged = false
  /** When the next tick begins, in epoch milliseconds; during one, the soonest of what has been expected since it began. */
  let next = Number.POSITIVE_INFINITY
  /** No hint makes a tick begin before this: some times as long after the last as that took, so that a pool that is being filled is not looked at all the time. */
  let rested = 0

  async function turn(): Promise<void> {
    const hinted = nudged
    nudged = false
    next = Number.POSITIVE_INFINITY
    const start = clock()
    const due = await tick(hinted).catch((error: unknown) => {
      log.error('tick failed', { reason: reasonOf(error), stack: error instanceof Error ? error.stack : undefined })
      return clock() + PAUSE_AFTER_FAILURE
    })
    const now = clock()
    rested = now + REST * Math.max(0, now - start)
    const expected = next
    running = undefined
    next = Number.POSITIVE_INFINITY
    wakeBy(Math.min(due, expected, nudged ? afterHint(now) : Number.POSITIVE_INFINITY, now + LONGEST_PAUSE))
  }

  function afterHint(now: number): number {
    return Math.max(now + HINT_PAUSE, rested)
  }

  /** Never later than was wanted before. */
  function wakeBy(at: number): void {
    if (stopped || at >= next) return
    next = at
    if (running) return
    clearTimeout(timer)
    timer = setTimeout(
      () => {
        running = turn()
      },
      Math.min(Math.max(at - clock(), 1), LONGEST_PAUSE),
    )
  }

  wakeBy(clock())
  return {
    nudge() {
      if (nudged) return
      nudged = true
      if (!running) wakeBy(afterHint(clock()))
    },
    expect: wakeBy,
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}
