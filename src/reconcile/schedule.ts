import type { Schedule } from '../ports/schedule.ts'
import type { Loop } from './loop.ts'

export interface LoopSchedule extends Schedule {
  /** From now on these loops are woken. Nothing is lost before: the first tick of a loop comes by itself. */
  attach(loops: { readonly working: Loop; readonly expiry: Loop }): void
}

export function createSchedule(): LoopSchedule {
  let loops: { readonly working: Loop; readonly expiry: Loop } | null = null
  return {
    nudge: () => loops?.working.nudge(),
    expect(at) {
      loops?.working.expect(at)
      loops?.expiry.expect(at)
    },
    attach(started) {
      loops = started
    },
  }
}
