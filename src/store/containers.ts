/** The rows of containers, and the pools that they belong to. */
import type { Kysely } from 'kysely'
import { byName, type Container, retired, SHRUNK } from '../core/container.ts'
import type { EventKind } from '../core/events.ts'
import { containerName } from '../core/pool.ts'
import type { Store } from '../core/store.ts'
import { append, appendContainer } from './events.ts'
import { isStill, nothingYet } from './queries.ts'
import { fromPatch, toContainer } from './rows.ts'
import type { Tables } from './tables.ts'
import type { Transactions, Tx } from './transactions.ts'

type ContainerVerbs = Pick<
  Store,
  'container' | 'addContainers' | 'updateContainer' | 'dropContainer' | 'poolFacts' | 'recordPoolFacts' | 'resizePool'
>

export function containerVerbs(db: Kysely<Tables>, { writing }: Transactions): ContainerVerbs {
  return {
    async container(name) {
      const row = await db.selectFrom('containers').selectAll().where('name', '=', name).executeTakeFirst()
      return row ? toContainer(row) : null
    },

    addContainers: (places, now) =>
      writing(async (tx) => {
        for (const place of places) {
          await tx
            .insertInto('containers')
            .values({ ...place, ...nothingYet(now), name: containerName(place.pool, place.number) })
            .onConflict((oc) => oc.doNothing())
            .execute()
        }
      }),

    updateContainer: (seen, patch, now, by) =>
      writing(async (tx) => {
        const { numUpdatedRows } = await tx
          .updateTable('containers')
          .set(fromPatch(patch))
          .where(isStill(seen))
          .executeTakeFirst()
        if (numUpdatedRows !== 1n) return false
        const after = { ...seen, ...patch }
        const kind = changeOf(seen, after)
        if (kind === null) return true
        const holder = kind === 'container.replaced' ? await holderOf(tx, seen.name) : undefined
        const detail = kind === 'container.creating' ? null : after.error
        await appendContainer(tx, kind, after, {
          at: now,
          detail,
          ...(by !== undefined && { by }),
          ...(holder && { holder }),
        })
        return true
      }),

    dropContainer: (seen, now) =>
      writing(async (tx) => {
        const { numDeletedRows } = await tx.deleteFrom('containers').where(isStill(seen)).executeTakeFirst()
        if (numDeletedRows !== 1n) return false
        await appendContainer(tx, 'container.dropped', seen, { at: now })
        return true
      }),

    async poolFacts() {
      const rows = await db.selectFrom('pool_facts').selectAll().execute()
      return new Map(rows.map(({ pool, os, names }) => [pool, { os, names: JSON.parse(names) as string[] }]))
    },

    async recordPoolFacts(pool, { os, names }) {
      const values = { os, names: JSON.stringify(names) }
      await db
        .insertInto('pool_facts')
        .values({ pool, ...values })
        .onConflict((oc) => oc.column('pool').doUpdateSet(values))
        .execute()
    },

    resizePool: (pool, { size, pinned }, by, now) =>
      writing(async (tx) => {
        const before = await tx.selectFrom('pool_sizes').select('size').where('pool', '=', pool).executeTakeFirst()
        if (before?.size === (pinned ? size : undefined)) return true
        const { held } = await tx
          .selectFrom('containers')
          .select((eb) => eb.fn.countAll<number>().as('held'))
          .where('pool', '=', pool)
          .where('state', '=', 'reserved')
          .executeTakeFirstOrThrow()
        if (size < held) return { held }
        await tx.deleteFrom('pool_sizes').where('pool', '=', pool).execute()
        if (pinned) await tx.insertInto('pool_sizes').values({ pool, size }).execute()
        const detail = pinned ? String(size) : `${size}, as in berth.yml`
        await append(tx, { at: now, kind: 'pool.scaled', by, pool, detail })
        await retireBeyond(tx, pool, size, { at: now, by })
        return true
      }),
  }
}

/** What nobody holds in places that a pool has no more. Work that is under way there finds the row changed, and leaves it. */
async function retireBeyond(tx: Tx, pool: string, size: number, some: { at: number; by: string }): Promise<void> {
  const rows = await tx
    .updateTable('containers')
    .set(fromPatch(retired(SHRUNK, some.at)))
    .where('pool', '=', pool)
    .where('number', '>', size)
    .where('state', 'in', ['creating', 'ready', 'broken'])
    .returningAll()
    .execute()
  for (const row of rows.map(toContainer).sort(byName)) {
    await appendContainer(tx, 'container.removing', row, { ...some, detail: SHRUNK })
  }
}

function changeOf(before: Container, after: Container): EventKind | null {
  if (after.state !== before.state) return `container.${after.state}`
  if (after.generation === before.generation) return null
  return after.state === 'reserved' ? 'container.replaced' : 'container.creating'
}

async function holderOf(tx: Tx, container: string) {
  return tx
    .selectFrom('holds')
    .innerJoin('reservations', 'reservations.id', 'holds.reservation_id')
    .select(['reservations.id', 'reservations.pool', 'reservations.owner', 'reservations.username'])
    .where('holds.container', '=', container)
    .where('holds.open', '=', 1)
    .executeTakeFirst()
}
