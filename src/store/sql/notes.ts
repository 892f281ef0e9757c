/** Sets the notes of reservations. */
import { type Reservation, stateAt } from '../../domain/reservation.ts'
import type { Store } from '../../ports/store.ts'
import { appendReservation } from './events.ts'
import { readReservation } from './queries.ts'
import type { Transactions, Tx } from './transactions.ts'

export function noteVerbs({ writing }: Transactions): Pick<Store, 'setNote'> {
  return { setNote: (...args) => writing((tx) => setNote(tx, ...args)) }
}

async function setNote(tx: Tx, id: string, note: string | null, by: string, now: number): Promise<Reservation | null> {
  const before = await readReservation(tx, id)
  if (!before || ['ending', 'ended'].includes(stateAt(before, now))) return null
  if (before.note === note) return before
  await tx.updateTable('reservations').set({ note }).where('id', '=', id).execute()
  await appendReservation(tx, 'reservation.noted', before, { at: now, by, detail: note })
  return { ...before, note }
}
