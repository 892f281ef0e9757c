/** Which database this is, and which ledger of lent containers it relies on. */
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { byName } from '../../domain/container.ts'
import type { Store } from '../../ports/store.ts'
import { append, containerEvent, reservationEvent } from './events.ts'
import { hasNotEnded, readReservations, retireWhere } from './queries.ts'
import { toContainer } from './schema/rows.ts'
import type { Transactions, Tx } from './transactions.ts'

type IdentityVerbs = Pick<
  Store,
  'databaseId' | 'servedInstance' | 'secretCheck' | 'recordSecretCheck' | 'useLedger' | 'renewIdentity'
>

export function identityVerbs({ reading, writing }: Transactions): IdentityVerbs {
  return {
    databaseId: () => reading(async (tx) => (await readIdentity(tx)).id),

    servedInstance: () => reading(async (tx) => (await readIdentity(tx)).instance),

    secretCheck: () => reading(async (tx) => (await readIdentity(tx)).secret_check),

    recordSecretCheck: (check) =>
      writing(async (tx) => {
        const { secret_check: known } = await readIdentity(tx)
        if (known === null) await tx.updateTable('database_identity').set({ secret_check: check }).execute()
        return known ?? check
      }),

    async useLedger({ ledger, instance }, reason, now) {
      const known = await reading(readIdentity)
      if (known.ledger === ledger && known.instance === instance) return 0
      return writing(async (tx) => {
        const before = await readIdentity(tx)
        await tx.updateTable('database_identity').set({ ledger, instance }).execute()
        if (before.ledger === null || before.ledger === ledger) return 0
        return retireWhere(
          tx,
          (eb) => eb.and([eb('state', 'in', ['creating', 'ready']), eb('engine_id', 'is not', null)]),
          reason,
          { at: now },
        )
      })
    },

    renewIdentity: (from, reason, now) =>
      writing(async (tx) => {
        const { id } = await readIdentity(tx)
        if (id !== from) return id
        const next = randomUUID()
        await tx.updateTable('database_identity').set({ id: next }).execute()
        await forgetContainers(tx, reason, now)
        return next
      }),
  }
}

async function readIdentity(tx: Tx) {
  return tx.selectFrom('database_identity').selectAll().executeTakeFirstOrThrow()
}

/** Ends every reservation as failed and drops the row of every container: the containers belong to another database. */
async function forgetContainers(tx: Tx, reason: string, now: number): Promise<void> {
  const open = await readReservations(tx, hasNotEnded)
  await tx.updateTable('holds').set({ current: null }).where('current', '=', sql.lit(1)).execute()
  await tx
    .updateTable('reservations')
    .set({ state: 'ended', outcome: 'failed', ended_at: now, reason, password_hash: null, ssh_keys: '[]' })
    .where(hasNotEnded)
    .execute()
  const failed = { at: now, detail: `failed: ${reason}` }
  await append(tx, ...open.map((reservation) => reservationEvent('reservation.ended', reservation, failed)))
  const rows = await tx.deleteFrom('containers').returningAll().execute()
  const dropped = rows.map(toContainer).sort(byName)
  await append(tx, ...dropped.map((row) => containerEvent('container.dropped', row, { at: now, detail: reason })))
}
