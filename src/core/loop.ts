/** The only place with timers: calls `tick` when something is due, when nudged, and at least every few seconds. */
import type { Clock } from './clock.ts'
import { reasonOf } from './errors.ts'
import type { Log } from './ports.ts'

/** Also keeps setTimeout far from the 24.8 days at which it overflows and fires at once. */
const LONGEST_PAUSE = 5_000
/** Hints come in bursts: one tick answers all that arrive within this time. */
const HINT_PAUSE = 25
/** How much longer than a tick the pause after it is, when nothing is due and only hints come. */
const REST = 4
const PAUSE_AFTER_FAILURE = 1_000

export interface Loop {
  /** Something has changed: tick soon. Any number of nudges makes one tick. */
  nudge(): void
  /** No tick begins after this; resolves when the running one has ended. */
  stop(): Promise<void>
}

/** `tick` gives the time at which it wants to be called again, in epoch milliseconds. */
export function startLoop(tick: () => Promise<number>, clock: Clock, log: Log): Loop {
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let stopped = false
  let nudged = false
  /** How long the last tick took: hints wait some times as long, so that a pool that is being filled is not looked at all the time. */
  let effort = 0

  async function turn(): Promise<void> {
    nudged = false
    const start = clock()
    let pause: number
    try {
      const due = await tick()
      pause = Math.max(due - clock(), 1)
    } catch (error) {
      log.error('tick failed', { reason: reasonOf(error), stack: error instanceof Error ? error.stack : undefined })
      pause = PAUSE_AFTER_FAILURE
    }
    effort = Math.max(0, clock() - start)
    running = undefined
    wake(nudged ? Math.min(pause, hintPause()) : pause)
  }

  function hintPause(): number {
    return Math.max(HINT_PAUSE, REST * effort)
  }

  function wake(pause: number): void {
    if (stopped) return
    clearTimeout(timer)
    timer = setTimeout(
      () => {
        running = turn()
      },
      Math.min(pause, LONGEST_PAUSE),
    )
  }

  wake(0)
  return {
    nudge() {
      if (nudged) return
      nudged = true
      if (!running) wake(hintPause())
    },
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}
