import type { Outcomes, Target } from '../ports/accounts.ts'

/** Does the work for every target at once. A target that fails does not stop the others. */
export async function perTarget(
  targets: readonly Target[],
  work: (target: Target) => Promise<void>,
): Promise<Outcomes> {
  const outcomes = targets.map(async (target): Promise<[string, Error | null]> => {
    try {
      await work(target)
      return [target.name, null]
    } catch (error) {
      return [target.name, error instanceof Error ? error : new Error(String(error))]
    }
  })
  return new Map(await Promise.all(outcomes))
}

/** The same failure for every target. */
export function allFailed(targets: readonly Target[], error: Error): Outcomes {
  return new Map(targets.map(({ name }) => [name, error]))
}
