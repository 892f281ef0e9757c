/** Every query, once, in words that SQLite and PostgreSQL both understand. */
import type { Kysely } from 'kysely'
import type { Store } from '../core/store.ts'
import { claimVerbs } from './claims.ts'
import { containerVerbs } from './containers.ts'
import { eventVerbs } from './events.ts'
import { leadingVerbs } from './leading.ts'
import { listVerbs } from './lists.ts'
import { lifeVerbs } from './lives.ts'
import { pruningVerbs } from './pruning.ts'
import type { Snapshots } from './snapshots.ts'
import type { Tables } from './tables.ts'
import { tokenVerbs } from './tokens.ts'
import { openTransactions } from './transactions.ts'

/** `manager` names who works with it: what it prepares bears that name. */
export function createSqlStore(db: Kysely<Tables>, snapshots: Snapshots, manager: string): Store {
  const transactions = openTransactions(db)
  return {
    ...listVerbs(transactions, snapshots),
    ...containerVerbs(db, transactions),
    ...claimVerbs(transactions, manager),
    ...lifeVerbs(transactions),
    ...leadingVerbs(transactions, manager),
    ...tokenVerbs(transactions),
    ...eventVerbs(transactions),
    ...pruningVerbs(transactions),
    close: () => db.destroy(),
  }
}
