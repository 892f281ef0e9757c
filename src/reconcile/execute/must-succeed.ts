import type { Outcomes, Target } from '../../ports/accounts.ts'

/** Throws the error of this target, if there is one. */
export async function mustSucceed(outcomes: Promise<Outcomes>, target: Target): Promise<void> {
  const error = (await outcomes).get(target.name)
  if (error) throw error
}
