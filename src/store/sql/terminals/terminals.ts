/** Rows of terminals, by which other managers find the shells. */
import type { TerminalStore } from '../../../ports/store/terminals.ts'
import { append } from '../events.ts'
import { fromTerminal, toTerminal } from '../schema/rows.ts'
import type { TerminalsTable } from '../schema/tables.ts'
import type { Transactions, Tx } from '../transactions.ts'

/** `manager` is the name of the manager that uses the store. */
export function terminalVerbs(
  { reading, writing }: Transactions,
  manager: string,
): Omit<TerminalStore, 'addTicket' | 'takeTicket'> {
  return {
    terminal: (id) =>
      reading(async (tx) => {
        const row = await tx.selectFrom('terminals').selectAll().where('id', '=', id).executeTakeFirst()
        return row ? toTerminal(row) : null
      }),

    terminals: (owner) =>
      reading(async (tx) => {
        const rows = await tx
          .selectFrom('terminals')
          .innerJoin('reservations', 'reservations.id', 'terminals.reservation')
          .selectAll('terminals')
          .where('reservations.owner', '=', owner)
          .orderBy('terminals.created_at')
          .orderBy('terminals.id')
          .execute()
        return rows.map(toTerminal)
      }),

    allTerminals: () => reading(async (tx) => (await tx.selectFrom('terminals').selectAll().execute()).map(toTerminal)),

    addTerminal: (terminal, by, now) =>
      writing(async (tx) => {
        const row = fromTerminal(terminal, manager)
        await tx.insertInto('terminals').values(row).execute()
        await append(tx, { at: now, kind: 'terminal.opened', by, ...(await subjectOf(tx, row)) })
      }),

    takeTerminal: (id) =>
      writing(async (tx) => {
        const { numUpdatedRows } = await tx
          .updateTable('terminals')
          .set({ manager })
          .where('id', '=', id)
          .executeTakeFirst()
        return numUpdatedRows > 0n
      }),

    terminalManager: (id) =>
      reading(async (tx) => {
        const row = await tx.selectFrom('terminals').select('manager').where('id', '=', id).executeTakeFirst()
        return row === undefined ? 'none' : row.manager === manager ? 'own' : 'other'
      }),

    markViewed: (ids, now) =>
      writing(async (tx) => {
        await tx.updateTable('terminals').set({ viewed_at: now }).where('id', 'in', ids).execute()
      }),

    removeTerminal: (id, why, now) =>
      writing(async (tx) => {
        const gone = await tx.deleteFrom('terminals').where('id', '=', id).returningAll().executeTakeFirst()
        if (gone) await append(tx, { at: now, kind: 'terminal.closed', ...why, ...(await subjectOf(tx, gone)) })
      }),
  }
}

/** Returns the fields that identify the terminal in its events. */
async function subjectOf(tx: Tx, { reservation, container, generation }: TerminalsTable) {
  const holder = await tx
    .selectFrom('reservations')
    .select(['pool', 'owner', 'username'])
    .where('id', '=', reservation)
    .executeTakeFirst()
  return { container, generation, reservation, ...holder }
}
