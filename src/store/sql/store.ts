/** Composes the verbs of the store over one database; every query is written once. */
import { randomUUID } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Store } from '../../ports/store.ts'
import { claimVerbs } from './claims.ts'
import { containerVerbs } from './containers.ts'
import { identityVerbs } from './database-identity.ts'
import { doorVerbs } from './doors/doors.ts'
import { eventVerbs } from './events.ts'
import { eventHistoryVerbs } from './history/events.ts'
import { refusalVerbs } from './history/refusals.ts'
import { reservationTimesVerb } from './history/reservation-times.ts'
import { leadershipVerbs } from './managers/leadership.ts'
import { managerVerbs } from './managers/managers.ts'
import { noteVerbs } from './notes.ts'
import { onHoldVerbs } from './on-hold.ts'
import { readVerbs } from './reads.ts'
import { lifecycleVerbs } from './reservation-lifecycle.ts'
import { pruningVerbs } from './pruning.ts'
import { terminalVerbs } from './terminals/terminals.ts'
import { ticketVerbs } from './terminals/tickets.ts'
import type { Tables } from './schema/tables.ts'
import { createSnapshots } from './snapshots.ts'
import { requestCountVerbs } from './access/request-counts.ts'
import { sessionVerbs } from './access/sessions.ts'
import { tokenVerbs } from './access/tokens.ts'
import { openTransactions } from './transactions.ts'

/** `address` is where the manager that uses the store serves; empty for a program other than a manager. */
export function createSqlStore(db: Kysely<Tables>, address: string, transactions = openTransactions(db)): Store {
  // For each life of a manager: what it prepares bears this name.
  const manager = { name: randomUUID(), address }
  return {
    ...readVerbs(transactions, createSnapshots(db, transactions)),
    ...containerVerbs(transactions),
    ...claimVerbs(transactions, manager.name),
    ...lifecycleVerbs(transactions),
    ...onHoldVerbs(transactions),
    ...noteVerbs(transactions),
    ...managerVerbs(transactions, manager),
    ...leadershipVerbs(db, transactions, manager),
    ...doorVerbs(db, transactions, manager),
    ...identityVerbs(transactions),
    ...tokenVerbs(transactions),
    ...sessionVerbs(transactions),
    ...terminalVerbs(transactions, manager.name),
    ...ticketVerbs(transactions),
    ...requestCountVerbs(db),
    ...eventVerbs(transactions),
    ...pruningVerbs(transactions),
    ...eventHistoryVerbs(transactions),
    ...reservationTimesVerb(transactions),
    ...refusalVerbs(transactions),
    databaseTime: async () => null,
    close: () => db.destroy(),
  }
}
