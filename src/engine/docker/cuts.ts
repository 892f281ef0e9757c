/**
 * Cutting off many at once: Docker takes a tenth of a second of all processors to kill one, and a hundredth to freeze one; any
 * number of them is barred from the network in less than the first. But those who are only barred may still do something.
 */
import { setImmediate as turnOfTheLoop, setTimeout as sleep } from 'node:timers/promises'
import { hasCode } from '../../core/errors.ts'
import { createLimit } from '../../core/limit.ts'
import type { Barrier } from './barrier.ts'

/**
 * Docker destroys no more in the same time when more are killed at once. But sessions are closed at the beginning of each kill,
 * and so those of a few containers are all closed at once.
 */
const KILLS_AT_ONCE = 8
/** So few need not be frozen before. */
const KILLS_UNFROZEN = 2
const FREEZES_AT_ONCE = 16
/** Nobody waits for so few: what writes to a slow disk cannot be frozen before that is written. */
const STRAGGLERS = 2
/**
 * When no kill has begun or ended for so long, in milliseconds, as many again are begun of those who may still be in: some that
 * never end keep nobody else in. Who is frozen waits for a place: what is begun on top makes all of them slower, on a machine
 * that also makes others anew.
 */
const STALLED = 5_000
/** For so long, in milliseconds, nothing is frozen after the engine did not answer; then it is tried again. */
const PAUSE = 1_000
/** Longest that others wait for those who are to be frozen, in milliseconds. */
const LONGEST_WAIT = 20_000

interface Means extends Barrier {
  /** False when somebody may still be in and do something. It only makes the kill come in time. */
  readonly freeze: (id: string) => Promise<boolean>
  /** `held`: nobody waits for it, since nobody can do anything in there meanwhile. */
  readonly kill: (id: string, held: boolean) => Promise<void>
}

interface Turn {
  readonly held: boolean
  readonly go: () => void
  readonly refuse: (error: unknown) => void
}

export interface Cuts {
  /**
   * Kills. Where more than two are to be killed all are barred and frozen before, and those that are to be frozen go before
   * those that are to be killed.
   * When the engine does not answer anybody, that is said of all who wait, and not found out for each: a thousand kills at
   * once are the end of an engine that is only slow (Docker 20.10 ran out of files, and a little later it was gone).
   */
  cut(id: string): Promise<void>
  /**
   * Resolves when nobody is to be barred or frozen any more, or after so many milliseconds: what looks at containers, destroys and
   * makes them leaves the engine to that.
   */
  calm(longestMs?: number): Promise<void>
}

export function createCuts({ bar, lift, freeze, kill }: Means): Cuts {
  const fewAtOnce = createLimit(FREEZES_AT_ONCE)
  const waiting = new Set<Turn>()
  /** Those who were killed at once, since nobody else was to be. */
  const alone = new Set<string>()
  /** Those who need not be barred any more, and are to be taken out before anybody is killed. */
  const frozen: string[] = []
  /** How many have come in this turn of the event loop. */
  let coming = 0
  let gathering: Promise<boolean> | null = null
  let killing = 0
  let killed = 0
  let beyond = 0
  let stalled: NodeJS.Timeout | undefined
  /** How many changes of the barrier are waited for, and how many freezes. */
  let changing = 0
  let freezing = 0
  let noneBefore = 0
  let calmed = Promise.withResolvers<void>()

  async function tryToFreeze(id: string): Promise<boolean> {
    if (performance.now() < noneBefore) return false
    try {
      return await freeze(id)
    } catch (error) {
      if (hasCode(error, 'engine_unavailable')) noneBefore = performance.now() + PAUSE
      return false
    }
  }

  const isTimeToLift = () => frozen.length > 0 && changing === 0 && freezing <= STRAGGLERS

  async function hold(id: string): Promise<boolean> {
    changing += 1
    // They are not the only ones any more: their kills will take longer than they would have.
    for (const other of alone) void bar(other)
    alone.clear()
    await bar(id)
    freezing += 1
    changing -= 1
    const held = await fewAtOnce(() => tryToFreeze(id))
    freezing -= 1
    if (held) frozen.push(id)
    // One of the last does it for all.
    while (isTimeToLift()) {
      changing += 1
      await lift(frozen.splice(0))
      changing -= 1
    }
    if (changing + freezing === 0) {
      calmed.resolve()
      calmed = Promise.withResolvers()
    }
    next()
    return held
  }

  const othersGoFirst = () => changing > 0 || freezing > STRAGGLERS || frozen.length > 0
  const isFull = () => killing >= KILLS_AT_ONCE + beyond || othersGoFirst()

  function next(): void {
    for (const one of waiting) {
      if (isFull()) return
      if (one.held && killing >= KILLS_AT_ONCE) continue
      waiting.delete(one)
      killing += 1
      one.go()
      watchFor()
    }
  }

  function watchFor(): void {
    clearTimeout(stalled)
    stalled = setTimeout(() => {
      if (waiting.size === 0) return
      // Else none has ended because none was to be begun: after half a minute in which a thousand were frozen, 64 at once were.
      if (killing >= KILLS_AT_ONCE + beyond && !othersGoFirst()) beyond += KILLS_AT_ONCE
      next()
      watchFor()
    }, STALLED).unref()
  }

  /** False when it has not come in time; for those who are held that is however long it takes. */
  async function turn(held: boolean): Promise<boolean> {
    const { promise: called, resolve, reject: refuse } = Promise.withResolvers<boolean>()
    const mine = { held, go: () => resolve(true), refuse }
    if (waiting.size === 0) watchFor()
    waiting.add(mine)
    next()
    const giveUp = () => waiting.delete(mine) && resolve(false)
    const timer = held ? undefined : setTimeout(giveUp, PAUSE).unref()
    try {
      return await called
    } finally {
      clearTimeout(timer)
    }
  }

  /** Whether those who come in one turn of the event loop, and those who are being killed, are so few that all are killed at once. */
  function areFew(): Promise<boolean> {
    coming += 1
    gathering ??= turnOfTheLoop().then(() => {
      const few = killing + coming <= KILLS_UNFROZEN && changing + freezing === 0
      coming = 0
      gathering = null
      return few
    })
    return gathering
  }

  /** Who could not be frozen is not left in until their turn comes: that may take minutes. Gives whether they are held. */
  async function turnOf(id: string): Promise<boolean> {
    if (await areFew()) {
      alone.add(id)
      if (await turn(false)) return false
    }
    for (;;) {
      const held = await hold(id)
      if (await turn(held)) return held
    }
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

  return {
    async cut(id) {
      const held = await turnOf(id)
      const before = killed
      try {
        await kill(id, held)
        killed += 1
        if (!held) void lift([id])
      } catch (error) {
        if (hasCode(error, 'engine_unavailable') && killed === before) refuseAll(error)
        throw error
      } finally {
        alone.delete(id)
        ended()
      }
    },
    async calm(longestMs = LONGEST_WAIT) {
      if (changing + freezing > 0) await Promise.race([calmed.promise, sleep(longestMs, undefined, { ref: false })])
    },
  }
}
