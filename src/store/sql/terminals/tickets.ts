/** Rows of tickets, so that a ticket of one manager opens a WebSocket at any other manager. */
import type { TerminalStore } from '../../../ports/store/terminals.ts'
import { fromTicket, toTicket } from '../schema/rows.ts'
import type { Transactions } from '../transactions.ts'

export function ticketVerbs({ writing }: Transactions): Pick<TerminalStore, 'addTicket' | 'takeTicket'> {
  return {
    addTicket: (ticket, now) =>
      writing(async (tx) => {
        await tx.deleteFrom('tickets').where('until', '<=', now).execute()
        await tx.insertInto('tickets').values(fromTicket(ticket)).execute()
      }),

    takeTicket: (hash) =>
      writing(async (tx) => {
        const row = await tx.deleteFrom('tickets').where('hash', '=', hash).returningAll().executeTakeFirst()
        return row ? toTicket(row) : null
      }),
  }
}
