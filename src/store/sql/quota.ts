/** Limits of an owner, checked in the transaction of a claim. */
import { hasNotEnded } from './queries.ts'
import type { Tx } from './transactions.ts'

/**
 * Maximum number of waiting reservations per owner, whatever the limits. With `auth: none` all callers are one owner.
 */
export const MAX_WAITING = 250

/** Returns the number of containers that an owner has or waits for. */
export async function countOwned(tx: Tx, owner: string, now: number): Promise<number> {
  const { sum } = await tx
    .selectFrom('reservations')
    .select((eb) => eb.fn.sum<number | null>('count').as('sum'))
    .where(hasNotEnded)
    .where('owner', '=', owner)
    .where('state', '!=', 'ending')
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
    .executeTakeFirstOrThrow()
  return sum ?? 0
}

/** Returns the number of reservations of an owner that wait. */
export async function countWaiting(tx: Tx, owner: string): Promise<number> {
  const { waiting } = await tx
    .selectFrom('reservations')
    .select((eb) => eb.fn.countAll<number>().as('waiting'))
    .where(hasNotEnded)
    .where('owner', '=', owner)
    .where('state', '=', 'waiting')
    .executeTakeFirstOrThrow()
  return waiting
}

/** Returns the id of the owner's reservation of this name that has not ended; null if the name is free. */
export async function findNamed(tx: Tx, owner: string, name: string, now: number): Promise<string | null> {
  const row = await tx
    .selectFrom('reservations')
    .select('id')
    .where(hasNotEnded)
    .where('owner', '=', owner)
    .where('name', '=', name)
    .where('state', '!=', 'ending')
    // The time of these is up, even if the sweep has not ended them yet.
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
    .where((eb) => eb.or([eb('alive_until', 'is', null), eb('alive_until', '>', now)]))
    .where((eb) => eb.or([eb('state', '!=', 'waiting'), eb('wait_until', '>', now)]))
    .executeTakeFirst()
  return row?.id ?? null
}
