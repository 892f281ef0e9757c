/** Notes of reservations. */
import type { Reservation } from '../../domain/reservation.ts'
import type { Store } from '../../ports/store.ts'
import { appendReservation } from './events.ts'
import { changedOne, readReservation } from './queries.ts'
import type { Transactions, Tx } from './transactions.ts'

export function noteVerbs({ writing }: Transactions): Pick<Store, 'setNote'> {
  return { setNote: (...args) => writing((tx) => setNote(tx, ...args)) }
}

async function setNote(tx: Tx, id: string, note: string | null, by: string, now: number): Promise<Reservation | null> {
  const before = await readReservation(tx, id)
  if (before?.note === note && before.state !== 'ending' && before.state !== 'ended') return before
  const changed = tx
    .updateTable('reservations')
    .set({ note })
    .where('id', '=', id)
    .where('state', 'in', ['waiting', 'preparing', 'active'])
  const after = (await changedOne(changed)) ? await readReservation(tx, id) : null
  if (after) await appendReservation(tx, 'reservation.noted', after, { at: now, by, detail: note })
  return after
}
