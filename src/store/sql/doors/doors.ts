/** Which gateways and managers there are, and up to which change each has closed the connections that are over. */
import type { Kysely } from 'kysely'
import type { DoorRecord, DoorStore } from '../../../ports/store/doors.ts'
import type { Manager } from '../managers/managers.ts'
import type { Tables } from '../schema/tables.ts'
import { revisionReader } from '../snapshots.ts'
import type { Transactions } from '../transactions.ts'

const TABLES = { gateway: 'gateways', manager: 'managers' } as const

/** `name` is that of the manager or gateway that uses the store. */
export function doorVerbs(db: Kysely<Tables>, { reading, writingAlone }: Transactions, { name }: Manager): DoorStore {
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

    doors: () =>
      reading(async (tx) => {
        const columns = ['name', 'until', 'applied_change'] as const
        const gateways = await tx.selectFrom('gateways').select(columns).execute()
        const managers = await tx.selectFrom('managers').select(columns).execute()
        const toDoor = (kind: DoorRecord['kind']) => (row: (typeof managers)[number]) => ({
          kind,
          name: row.name,
          until: row.until ?? 0,
          appliedChange: row.applied_change ?? 0,
          isOwn: row.name === name,
        })
        return [...gateways.map(toDoor('gateway')), ...managers.map(toDoor('manager'))]
      }),

    forgetGateways: (before) => writingAlone((tx) => tx.deleteFrom('gateways').where('until', '<', before).execute()),
  }
}
