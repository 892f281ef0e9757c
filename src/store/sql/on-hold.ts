/** Puts reservations on hold. Counts those on hold in the same transaction. */
import type { Reservation } from '../../domain/reservation.ts'
import type { HoldTerms, Store } from '../../ports/store.ts'
import { appendReservation } from './events.ts'
import { hasNotEnded, readReservation } from './queries.ts'
import type { Transactions, Tx } from './transactions.ts'

export function onHoldVerbs({ writing }: Transactions): Pick<Store, 'putOnHold'> {
  return { putOnHold: (...args) => writing((tx) => putOnHold(tx, ...args)) }
}

async function putOnHold(
  tx: Tx,
  id: string,
  { from, to, mostContainers }: HoldTerms,
  by: string,
  now: number,
): Promise<Reservation | 'full' | null> {
  const before = await readReservation(tx, id)
  if (before?.state !== 'active' || before.heldAt !== null) return null
  if (before.expiresAt !== from || from <= now) return null
  if (before.aliveUntil !== null && before.aliveUntil <= now) return null
  if ((await countOnHold(tx, before.pool, now)) + before.count > mostContainers) return 'full'
  await tx
    .updateTable('reservations')
    .set({ held_at: now, expires_at: to, keepalive_ms: null, alive_until: null })
    .where('id', '=', id)
    .execute()
  const detail = `until ${new Date(to).toISOString()}`
  await appendReservation(tx, 'reservation.held', before, { at: now, by, detail })
  return readReservation(tx, id)
}

async function countOnHold(tx: Tx, pool: string, now: number): Promise<number> {
  const { sum } = await tx
    .selectFrom('reservations')
    .select((eb) => eb.fn.sum<number | null>('count').as('sum'))
    .where(hasNotEnded)
    .where('pool', '=', pool)
    .where('state', '=', 'active')
    .where('held_at', 'is not', null)
    .where('expires_at', '>', now)
    .executeTakeFirstOrThrow()
  return sum ?? 0
}
