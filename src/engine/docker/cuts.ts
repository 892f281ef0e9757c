/** Cutting off many at once: Docker takes a tenth of a second of all processors to kill one, and a hundredth to freeze one. */
import { hasCode } from '../../core/errors.ts'
import { createLimit } from '../../core/limit.ts'

/** More kills at once only make each of them slower; and fewer, where others are still to be frozen. */
const KILLS_AT_ONCE = 4
const KILLS_UNFROZEN = 2
const FREEZES_AT_ONCE = 16
/** When no kill has ended for so long, in milliseconds, as many again are begun: some that never end keep nobody else in. */
const STALLED = 2_000
/** For so long, in milliseconds, nothing is frozen after the engine did not answer. */
const PAUSE = 1_000

interface Means {
  /** May fail: it only makes the kill come in time. */
  readonly freeze: (id: string) => Promise<void>
  readonly kill: (id: string) => Promise<void>
}

interface Turn {
  readonly go: () => void
  readonly refuse: (error: unknown) => void
}

/**
 * Kills; who has to wait for that is frozen meanwhile, and those that are to be frozen go before those that are to be killed. When
 * the engine does not answer, that is said of all who wait, frozen as they are, and not found out for each: a thousand
 * kills at once would be the end of an engine that is only slow (Docker 20.10 ran out of files, and then killed itself).
 */
export function createCuts({ freeze, kill }: Means): (id: string) => Promise<void> {
  const fewAtOnce = createLimit(FREEZES_AT_ONCE)
  const waiting = new Set<Turn>()
  let killing = 0
  let beyond = 0
  let stalled: NodeJS.Timeout | undefined
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

  const isFull = () => killing >= KILLS_AT_ONCE + beyond || freezing > 0

  function next(): void {
    for (const first of waiting) {
      if (isFull()) return
      waiting.delete(first)
      killing += 1
      first.go()
    }
  }

  function watchFor(): void {
    clearTimeout(stalled)
    stalled = setTimeout(() => {
      if (waiting.size === 0) return
      beyond += KILLS_AT_ONCE
      next()
      watchFor()
    }, STALLED).unref()
  }

  async function turn(): Promise<void> {
    const { promise: called, resolve: go, reject: refuse } = Promise.withResolvers<void>()
    if (waiting.size === 0) watchFor()
    waiting.add({ go, refuse })
    next()
    await called
  }

  function ended(): void {
    killing -= 1
    beyond = 0
    watchFor()
    next()
  }

  function refuseAll(error: unknown): void {
    for (const { refuse } of waiting) refuse(error)
    waiting.clear()
  }

  return async (id) => {
    if (killing >= KILLS_UNFROZEN || freezing > 0) await hold(id)
    await turn()
    try {
      await kill(id)
    } catch (error) {
      if (hasCode(error, 'engine_unavailable')) refuseAll(error)
      throw error
    } finally {
      ended()
    }
  }
}
