/** Cutting off many at once: Docker takes a tenth of a second of all processors to kill one, and a hundredth to freeze one. */
import { setTimeout as sleep } from 'node:timers/promises'
import { hasCode } from '../../core/errors.ts'
import { createLimit } from '../../core/limit.ts'

/** More kills at once only make each of them slower; and fewer, where others are still to be frozen. */
const KILLS_AT_ONCE = 4
const KILLS_UNFROZEN = 2
const FREEZES_AT_ONCE = 16
/** Longest that a kill waits for those before it, in milliseconds: an engine that hangs is to be noticed for all of them. */
const LONGEST_WAIT = 5_000
/** For so long, in milliseconds, nothing is frozen after the engine did not answer. */
const PAUSE = 1_000

interface Means {
  /** May fail: it only makes the kill come in time. */
  readonly freeze: (id: string) => Promise<void>
  readonly kill: (id: string) => Promise<void>
}

/** Kills; who has to wait for that is frozen meanwhile, and those that are to be frozen go before those that are to be killed. */
export function createCuts({ freeze, kill }: Means): (id: string) => Promise<void> {
  const fewAtOnce = createLimit(FREEZES_AT_ONCE)
  const waiting = new Set<() => void>()
  let killing = 0
  let freezing = 0
  let noneBefore = 0

  async function hold(id: string): Promise<void> {
    freezing += 1
    await fewAtOnce(async () => {
      if (performance.now() < noneBefore) return
      await freeze(id).catch((error: unknown) => {
        if (hasCode(error, 'engine_unavailable')) noneBefore = performance.now() + PAUSE
      })
    })
    freezing -= 1
    next()
  }

  const isFull = () => killing >= KILLS_AT_ONCE || freezing > 0

  function next(): void {
    for (const go of waiting) {
      if (isFull()) return
      waiting.delete(go)
      killing += 1
      go()
    }
  }

  async function turn(): Promise<void> {
    const { promise: called, resolve: go } = Promise.withResolvers<void>()
    waiting.add(go)
    next()
    await Promise.race([called, sleep(LONGEST_WAIT, undefined, { ref: false })])
    if (waiting.delete(go)) killing += 1
  }

  return async (id) => {
    if (killing >= KILLS_UNFROZEN || freezing > 0) await hold(id)
    await turn()
    try {
      await kill(id)
    } finally {
      killing -= 1
      next()
    }
  }
}
