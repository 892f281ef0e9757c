/** The memory that a burst of work has needed goes back to the machine once the manager is at rest. */
import { performance } from 'node:perf_hooks'
import type { Clock } from './core/clock.ts'
import { reasonOf } from './core/errors.ts'
import type { Log } from './core/ports.ts'

/** Bytes; for less, nobody is kept waiting. */
const WORTH_IT = 96e6
/** How many times what trimming has left there must be, for it to be worth it again. */
const GROWN = 1.1
/** The part of the time in which a manager at rest works. */
const AT_REST = 0.1
/** Milliseconds: that is seen over so long at least; and for so long nothing may be due, as whatever comes meanwhile waits. */
const QUIET = 2_000
const LOOK_AGAIN = 5_000

/** What a process knows of itself. */
export interface OwnProcess {
  /** Bytes of memory that it occupies. */
  resident(): number
  /** Milliseconds that it has worked, ever. */
  worked(): number
  /** Gives back what nobody needs; nothing else happens meanwhile. */
  trim(): Promise<void>
}

export interface Trimming {
  /**
   * Trims if that is worth it, the manager at rest, and nothing due before long; gives when it wants to be called again.
   * Both in epoch milliseconds. Never throws.
   */
  step(due: number): Promise<number>
}

interface TrimmingContext {
  readonly process: OwnProcess
  /** Whether nothing is being done to containers: that leaves the processors no time, and all takes several times as long. */
  readonly isIdle: () => boolean
  readonly clock: Clock
  readonly log: Log
}

export function createTrimming({ process, isIdle, clock, log }: TrimmingContext): Trimming {
  let left = 0
  let seen = { at: clock(), worked: process.worked() }

  /** Whether it has been so since the last look. */
  function atRest(now: number): boolean {
    const worked = process.worked()
    const part = (worked - seen.worked) / (now - seen.at)
    seen = { at: now, worked }
    return part >= 0 && part < AT_REST
  }

  return {
    async step(due) {
      const now = clock()
      if (Math.abs(now - seen.at) < QUIET) return seen.at + LOOK_AGAIN
      const before = process.resident()
      const isWorthIt = before >= Math.max(WORTH_IT, left * GROWN)
      if (!atRest(now) || !isIdle() || due < now + QUIET || !isWorthIt) return now + LOOK_AGAIN
      try {
        await process.trim()
        log.debug('memory that was not needed is given back', { before, after: process.resident(), ms: clock() - now })
      } catch (error) {
        log.warn('memory that is not needed could not be given back', { reason: reasonOf(error) })
      }
      left = process.resident()
      return now + LOOK_AGAIN
    },
  }
}

/**
 * V8 keeps the pages that its collections have emptied until something is short of memory, which on a machine with plenty
 * is never: after a thousand containers were made and lent out, 184 of 311 MB. Only a full collection that is asked for
 * gives them back (and takes 3 ms for each MB that is needed): https://chromedevtools.github.io/devtools-protocol/v8/HeapProfiler/#method-collectGarbage
 */
export const thisProcess: OwnProcess = {
  resident: () => process.memoryUsage.rss(),
  worked: () => performance.eventLoopUtilization().active,
  async trim() {
    // Loaded when it is needed: a manager starts sooner.
    const { Session } = await import('node:inspector/promises')
    const session = new Session()
    session.connect()
    try {
      await session.post('HeapProfiler.collectGarbage')
    } finally {
      session.disconnect()
    }
  },
}
