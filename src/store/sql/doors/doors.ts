/** Which gateways and managers there are, and up to which change each has closed the connections that are over. */
import { type Kysely, sql } from 'kysely'
import type { DoorRecord, DoorStore } from '../../../ports/store/doors.ts'
import type { Manager } from '../managers/managers.ts'
import type { Tables } from '../schema/tables.ts'
import { revisionReader } from '../snapshots.ts'
import type { Transactions } from '../transactions.ts'

const TABLES = { gateway: 'gateways', manager: 'managers' } as const

/** `name` is that of the manager or gateway that uses the store. */
export function doorVerbs(db: Kysely<Tables>, { writingAlone }: Transactions, { name }: Manager): DoorStore {
  const readRevision = revisionReader(db)
  return {
    latestChange: async () => (await readRevision()).revision,

    renewGateway: ({ address, startedAt, until }) =>
      writingAlone((tx) =>
        tx
          .insertInto('gateways')
          .values({ name, address, started_at: startedAt, until, applied_change: null })
          .onConflict((oc) => oc.column('name').doUpdateSet({ until }))
          .execute(),
      ),

    removeGateway: () => writingAlone((tx) => tx.deleteFrom('gateways').where('name', '=', name).execute()),

    recordApplied: (kind, change) =>
      writingAlone((tx) =>
        tx.updateTable(TABLES[kind]).set({ applied_change: change }).where('name', '=', name).execute(),
      ),

    // A single statement: it is repeated while the end of access is waited for.
    async doors() {
      const rows = await db
        .selectFrom('managers')
        .select(['name', 'until', 'applied_change', sql.lit<DoorRecord['kind']>('manager').as('kind')])
        .unionAll(
          db
            .selectFrom('gateways')
            .select((eb) => [
              'name',
              eb.ref('until').$castTo<number | null>().as('until'),
              'applied_change',
              sql.lit<DoorRecord['kind']>('gateway').as('kind'),
            ]),
        )
        .execute()
      return rows.map(({ kind, until, applied_change, ...row }) => ({
        kind,
        name: row.name,
        until: until ?? 0,
        appliedChange: applied_change ?? 0,
        isOwn: row.name === name,
      }))
    },

    forgetGateways: (before) => writingAlone((tx) => tx.deleteFrom('gateways').where('until', '<', before).execute()),
  }
}
