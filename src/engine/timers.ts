import { setTimeout as wait } from 'node:timers/promises'

/** Time as the parts of this engine see it. Tests move it by hand. */
export interface Timers {
  /** Milliseconds since an arbitrary moment. Never runs backwards. */
  now(): number
  /** Resolves after `ms`; rejects when the signal aborts. Keeps no process alive. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export const systemTimers: Timers = {
  now: () => performance.now(),
  sleep: (ms, signal) => wait(ms, undefined, { ref: false, ...(signal && { signal }) }),
}
