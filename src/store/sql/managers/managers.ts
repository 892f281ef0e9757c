/** The managers of a database. Each renews its row; preparations of dead managers are released. */
import type { ExpressionBuilder, Kysely } from 'kysely'
import type { Heartbeat, ManagerRecord } from '../../../ports/store/leadership.ts'
import type { Store } from '../../../ports/store.ts'
import type { Tables } from '../schema/tables.ts'
import type { Transactions, Tx } from '../transactions.ts'

type ManagerVerbs = Pick<
  Store,
  'registerManager' | 'renewManager' | 'unregisterManager' | 'managers' | 'releasePreparations' | 'forgetManagers'
>

/** A manager: its name is unique, its address belongs to one process at a time. */
export interface Manager {
  readonly name: string
  readonly address: string
}

const NO_HEARTBEAT = { version: null, started_at: null, seen_at: null, until: null, clock_offset: null }

export function managerVerbs({ reading, writing, writingAlone }: Transactions, manager: Manager): ManagerVerbs {
  const { name, address } = manager

  return {
    registerManager: (heartbeat) =>
      writing(async (tx) => {
        await tx.deleteFrom('managers').where('address', '=', address).execute()
        await insert(tx, manager, heartbeat)
        await releaseUnregistered(tx)
      }),

    // Inserts: the row may have been deleted while the machine was suspended.
    renewManager: (heartbeat) => writingAlone((db) => insert(db, manager, heartbeat)),

    unregisterManager: () =>
      writing(async (tx) => {
        await tx.deleteFrom('managers').where('name', '=', name).execute()
        await releaseUnregistered(tx)
      }),

    managers: () =>
      reading(async (tx) => {
        const leader = await tx.selectFrom('leaders').select('manager').executeTakeFirst()
        const rows = await tx.selectFrom('managers').selectAll().orderBy('started_at').orderBy('name').execute()
        return rows.flatMap((row): ManagerRecord[] => {
          const { version, started_at: startedAt, seen_at: seenAt, until, clock_offset: clockOffset } = row
          if (version === null || startedAt === null || seenAt === null || until === null) return []
          const isOwn = row.name === name
          const leads = row.name === leader?.manager
          const heartbeat = { version, startedAt, seenAt, until, clockOffset: clockOffset ?? 0 }
          return [{ name: row.name, address: row.address, ...heartbeat, leads, isOwn }]
        })
      }),

    async releasePreparations(now) {
      // Called each second while the row of a dead manager is kept; usually there is nothing to write.
      const found = await reading((tx) =>
        tx.selectFrom('reservations').select('id').where(preparedByDead(now)).limit(1).executeTakeFirst(),
      )
      if (!found) return false
      await writing((tx) => tx.updateTable('reservations').set({ prepare_by: 0 }).where(preparedByDead(now)).execute())
      return true
    },

    forgetManagers: (before) =>
      writing(async (tx) => void (await tx.deleteFrom('managers').where('until', '<', before).execute())),
  }
}

async function insert(db: Kysely<Tables>, { name, address }: Manager, heartbeat?: Heartbeat): Promise<void> {
  const columns = heartbeat
    ? {
        version: heartbeat.version,
        started_at: heartbeat.startedAt,
        seen_at: heartbeat.seenAt,
        until: heartbeat.until,
        clock_offset: heartbeat.clockOffset,
      }
    : NO_HEARTBEAT
  await db
    .insertInto('managers')
    .values({ name, address, ...columns })
    .onConflict((oc) => oc.column('name').doUpdateSet(columns))
    .execute()
}

async function releaseUnregistered(tx: Tx): Promise<void> {
  const names = tx.selectFrom('managers').select('managers.name')
  await tx
    .updateTable('reservations')
    .set({ prepare_by: 0 })
    .where('state', '=', 'preparing')
    .where((eb) => eb.or([eb('preparer', 'is', null), eb('preparer', 'not in', names)]))
    .execute()
  await tx.updateTable('leaders').set({ manager: null }).where('manager', 'not in', names).execute()
}

function preparedByDead(now: number) {
  return (eb: ExpressionBuilder<Tables, 'reservations'>) =>
    eb.and([
      eb('state', '=', 'preparing'),
      eb('prepare_by', '>', 0),
      eb('preparer', 'in', eb.selectFrom('managers').select('managers.name').where('until', '<', now)),
    ])
}
