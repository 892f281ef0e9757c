/** The texts of a reserve that is refused: 409, 429 and 503. */
import { BerthError } from '../domain/errors.ts'
import type { Identity } from '../domain/identity.ts'
import { counted } from '../domain/text/counted.ts'
import type { RefusedClaim } from '../ports/store.ts'

/** Returns why a claim took nothing. */
export function refusalOf(
  claimed: RefusedClaim,
  { limits }: Identity,
  { pool, name, problem }: { readonly pool: string; readonly name: string | null; readonly problem: string | null },
): BerthError {
  if (problem !== null && claimed.kind === 'short') {
    return new BerthError('pool_unusable', `pool "${pool}" cannot lend any container: ${problem}`)
  }
  if (claimed.kind === 'over_quota') return overQuota(limits.containers ?? 0, claimed.has)
  if (claimed.kind === 'name_taken') {
    const why = `you already have a reservation named "${name}", ${claimed.holder}`
    return new BerthError('conflict', `${why}; choose another name, or release that one first`)
  }
  if (claimed.kind === 'queue_full') {
    const why = `you have ${counted(claimed.most, 'waiting reservation')}, the maximum`
    return new BerthError('quota_exceeded', `${why}; release some that are not needed, or try again later`)
  }
  const { available, waiting } = claimed
  const only = `Only ${counted(available, 'container')} available`
  if (waiting === 0) return new BerthError('not_enough', only)
  const queue = waiting === 1 ? '1 reservation is' : `${waiting} reservations are`
  return new BerthError('not_enough', `${only}, and ${queue} waiting for more`)
}

/** `most` and `has` count containers. */
export function overQuota(most: number, has: number): BerthError {
  const now = has > 0 ? ` and you hold ${has}; release some first` : ''
  return new BerthError('quota_exceeded', `your token allows ${counted(most, 'container')} at once${now}`)
}
