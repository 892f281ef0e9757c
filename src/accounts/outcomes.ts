import type { Outcomes, Target } from '../core/ports.ts'

/** Does something for every target at once; one that fails stops none of the others. */
export async function eachTarget(
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
