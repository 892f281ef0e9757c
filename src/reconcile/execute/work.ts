/** Runs work in the background, at most one job per key. */
import { codeOf, reasonOf } from '../../domain/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import { RecurringProblems } from '../recurring-problems.ts'
import type { WorkKey } from '../work-keys.ts'

interface WorkDeps {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  /** Called after a job that changed something. */
  readonly onProgress: () => void
}

/** Records a failure. Returns whether a row was changed. */
type OnFailure = (error: unknown) => Promise<boolean>

export class BackgroundWork {
  /** Keys that a job is running for. */
  readonly busy: ReadonlySet<WorkKey>
  readonly #busy = new Set<WorkKey>()
  readonly #running = new Set<Promise<void>>()
  readonly #deps: WorkDeps
  /** Failed jobs, by their keys. */
  readonly #problems: RecurringProblems

  constructor(deps: WorkDeps) {
    this.#deps = deps
    this.#problems = new RecurringProblems(deps)
    this.busy = this.#busy
  }

  /**
   * Starts a job unless one is running for any of the keys. A failure that changed no row does not nudge: the next tick
   * comes as scheduled, and a nudged one would fail again at once.
   */
  start(keys: readonly WorkKey[], job: () => Promise<void>, onFailure: OnFailure = this.#warn(keys)): void {
    if (keys.some((key) => this.#busy.has(key))) return
    for (const key of keys) this.#busy.add(key)
    const running = this.#run(keys, job, onFailure).then((changed) => {
      for (const key of keys) this.#busy.delete(key)
      this.#running.delete(running)
      if (changed) this.#deps.onProgress()
    })
    this.#running.add(running)
  }

  /** Resolves when no job is running. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  async #run(keys: readonly WorkKey[], job: () => Promise<void>, onFailure: OnFailure): Promise<boolean> {
    try {
      await job()
      this.#problems.solved(keys.join())
      return true
    } catch (error) {
      this.#deps.metrics.failure(codeOf(error))
      return await onFailure(error).catch((failure: unknown) => {
        this.#deps.log.error(`a failure could not be recorded (${keys.join(', ')})`, {
          keys,
          reason: reasonOf(failure),
        })
        return false
      })
    }
  }

  #warn(keys: readonly WorkKey[]): OnFailure {
    return async (error) => {
      const message = `an action failed and will be tried again (${keys.join(', ')})`
      this.#problems.occurred(keys.join(), { level: 'warn', message, reason: reasonOf(error), fields: { keys } })
      return false
    }
  }
}
