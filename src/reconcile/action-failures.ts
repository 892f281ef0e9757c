/** Runs actions of one plan, so that a failure of one keeps no other waiting. */
import type { Action } from './plan/actions.ts'

/** Tries every action, so that one that cannot be recorded keeps no other waiting; then throws the first failure. */
export async function collectFailures(
  actions: readonly Action[],
  run: (attempts: readonly (() => Promise<void>)[]) => Promise<unknown>,
  carryOut: (action: Action) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = []
  await run(
    actions.map((action) => async () => {
      await carryOut(action).catch((error: unknown) => failures.push(error))
    }),
  )
  if (failures.length > 0) throw failures[0]
}

export async function inOrder(attempts: readonly (() => Promise<void>)[]): Promise<void> {
  for (const attempt of attempts) await attempt()
}
