/** Verbs on the rows of containers, and on the pools that they belong to. */
import { type Container, SHRUNK } from '../../domain/container.ts'
import type { EventKind } from '../../domain/event.ts'
import { containerName } from '../../domain/pool.ts'
import type { Store } from '../../ports/store.ts'
import { append, appendContainer } from './events.ts'
import { changedOne, initialRow, retireWhere, unchangedSince } from './queries.ts'
import { fromPatch, toContainer } from './schema/rows.ts'
import type { Transactions, Tx } from './transactions.ts'

type ContainerVerbs = Pick<
  Store,
  'container' | 'addContainers' | 'updateContainer' | 'dropContainer' | 'poolFacts' | 'recordPoolFacts' | 'resizePool'
>

export function containerVerbs({ reading, writing }: Transactions): ContainerVerbs {
  return {
    container: (name) =>
      reading(async (tx) => {
        const row = await tx.selectFrom('containers').selectAll().where('name', '=', name).executeTakeFirst()
        return row ? toContainer(row) : null
      }),

    addContainers: (slots, now) =>
      writing(async (tx) => {
        for (const slot of slots) {
          await tx
            .insertInto('containers')
            .values({ ...slot, ...initialRow(now), name: containerName(slot.pool, slot.number) })
            .onConflict((oc) => oc.doNothing())
            .execute()
        }
      }),

    updateContainer: (seen, patch, now, by) =>
      writing(async (tx) => {
        const update = tx.updateTable('containers').set(fromPatch(patch)).where(unchangedSince(seen))
        if (!(await changedOne(update))) return false
        const after = { ...seen, ...patch }
        const kind = changeOf(seen, after)
        if (kind === null) return true
        const isHeld = kind === 'container.replaced' || kind === 'container.reset'
        const holder = isHeld ? await holderOf(tx, seen.name) : undefined
        const detail = kind === 'container.creating' || kind === 'container.reset' ? null : after.error
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
        if (!(await changedOne(tx.deleteFrom('containers').where(unchangedSince(seen))))) return false
        await appendContainer(tx, 'container.dropped', seen, { at: now })
        return true
      }),

    poolFacts: () =>
      reading(async (tx) => {
        const rows = await tx.selectFrom('pool_facts').selectAll().execute()
        return new Map(rows.map(({ pool, os, names }) => [pool, { os, names: JSON.parse(names) as string[] }]))
      }),

    recordPoolFacts: (pool, { os, names }) =>
      writing(async (tx) => {
        const values = { os, names: JSON.stringify(names) }
        await tx
          .insertInto('pool_facts')
          .values({ pool, ...values })
          .onConflict((oc) => oc.column('pool').doUpdateSet(values))
          .execute()
      }),

    resizePool: (pool, { size, pinned }, by, now) =>
      writing(async (tx) => {
        const before = await tx.selectFrom('pool_sizes').select('size').where('pool', '=', pool).executeTakeFirst()
        if (before?.size === (pinned ? size : undefined)) return true
        const { reserved } = await tx
          .selectFrom('containers')
          .select((eb) => eb.fn.countAll<number>().as('reserved'))
          .where('pool', '=', pool)
          .where('state', '=', 'reserved')
          .executeTakeFirstOrThrow()
        if (size < reserved) return { reserved }
        await tx.deleteFrom('pool_sizes').where('pool', '=', pool).execute()
        if (pinned) await tx.insertInto('pool_sizes').values({ pool, size }).execute()
        const detail = pinned ? String(size) : `${size}, as in berth.yml`
        await append(tx, { at: now, kind: 'pool.scaled', by, pool, detail })
        await retireWhere(
          tx,
          (eb) =>
            eb.and([
              eb('pool', '=', pool),
              eb('number', '>', size),
              eb('state', 'in', ['creating', 'ready', 'broken']),
            ]),
          SHRUNK,
          { at: now, by },
        )
        return true
      }),
  }
}

function changeOf(before: Container, after: Container): EventKind | null {
  if (after.state !== before.state) return `container.${after.state}`
  if (after.resetAt !== null && before.resetAt === null) return 'container.reset'
  if (after.generation === before.generation) return null
  return after.state === 'reserved' ? 'container.replaced' : 'container.creating'
}

async function holderOf(tx: Tx, container: string) {
  return tx
    .selectFrom('holds')
    .innerJoin('reservations', 'reservations.id', 'holds.reservation_id')
    .select(['reservations.id', 'reservations.pool', 'reservations.owner', 'reservations.username'])
    .where('holds.container', '=', container)
    .where('holds.current', '=', 1)
    .executeTakeFirst()
}
