/** Carries out several planned actions. */
import type { Action } from '../plan/actions.ts'
import type { Executor } from './executor.ts'

/**
 * Tries every action, so that a failure to record one does not delay the rest; then throws the first failure.
 * `concurrency` is the maximum number of actions at once; by default they are carried out one after another.
 */
export async function carryOutAll(
  executor: Pick<Executor, 'carryOut'>,
  actions: readonly Action[],
  concurrency = 1,
): Promise<void> {
  const failures: unknown[] = []
  const remaining = actions.values()

  async function carryOutRemaining(): Promise<void> {
    for (const action of remaining) {
      await executor.carryOut(action).catch((error: unknown) => void failures.push(error))
    }
  }

  await Promise.all(Array.from({ length: concurrency }, carryOutRemaining))
  if (failures.length > 0) throw failures[0]
}
