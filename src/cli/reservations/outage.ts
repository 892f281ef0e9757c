/** Calls that outlast a restart of the manager. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ApiError, Unreachable } from '../../client/client.ts'
import { reasonOf } from '../../domain/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import { isCertificateProblem } from '../failures.ts'

/** Pauses between the calls; the last one repeats. */
const PAUSES_MS = [1_000, 2_000, 5_000]

export interface Patience {
  readonly clock: Clock
  /** Epoch milliseconds; the last call starts at this time. If it has passed, there is only one call. */
  readonly until: number
  /** Called once, before the first pause. */
  readonly report: (text: string) => void
  /** Ends a pause. The call that follows is the last one. */
  readonly signal?: AbortSignal
}

/** Repeats the call while the manager does not answer. Throws the error of the last call. */
export async function throughOutage<T>(call: () => Promise<T>, patience: Patience): Promise<T> {
  const { clock, until, report, signal } = patience
  for (let failures = 0; ; failures += 1) {
    try {
      return await call()
    } catch (error) {
      const left = until - clock()
      if (!isOutage(error) || left <= 0 || signal?.aborted) throw error
      if (failures === 0) report(`${reasonOf(error)}; trying again`)
      const pause = PAUSES_MS[Math.min(failures, PAUSES_MS.length - 1)] ?? 0
      await sleep(Math.min(pause, left), undefined, { ...(signal && { signal }) }).catch(() => undefined)
    }
  }
}

/** Whether the manager, or a proxy's manager, does not answer. A refused certificate or an unknown name stays one. */
function isOutage(error: unknown): boolean {
  if (error instanceof Unreachable) return error.code !== 'ENOTFOUND' && !isCertificateProblem(error)
  return error instanceof ApiError && error.code === 'unreachable'
}
