/** From a request to reserved containers: at once, or through the queue. */
import { sql } from 'kysely'
import type { Claim, Claimed, EarlierRequest, Store } from '../../ports/store.ts'
import { type NewEvent, reservationEvent } from './events.ts'
import { changedOne, holdAll, readReservation, readWithContainers, selectReady } from './queries.ts'
import { MAX_WAITING, countOwned, countWaiting, findNamed } from './quota.ts'
import { fromReservation } from './schema/rows.ts'
import type { ReservationFields, ReservationsTable } from './schema/tables.ts'
import type { Transactions, Tx } from './transactions.ts'

/** Time for which an Idempotency-Key is remembered. */
const KEY_LIFETIME_MS = 86_400_000

type ClaimVerbs = Pick<Store, 'claim' | 'earlier' | 'assign' | 'takeOverPreparation'>

export function claimVerbs({ reading, writing }: Transactions, manager: string): ClaimVerbs {
  return {
    claim: (claim, now) => writing((tx) => take(tx, claim, manager, now)),

    earlier: (owner, key, now) => reading((tx) => readEarlier(tx, owner, key, now)),

    assign: (id, prepareBy, now) =>
      writing(async (tx) => {
        const reservation = await readReservation(tx, id)
        if (reservation?.state !== 'waiting') return null
        const [first] = await waitingFor(tx, reservation.pool, now)
        if (first !== id) return null
        const free = await selectReady(tx, reservation.pool, reservation.count)
        if (free.length < reservation.count) return null
        const row = await tx
          .updateTable('reservations')
          .set({ state: 'preparing', prepare_by: prepareBy, preparer: manager })
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirstOrThrow()
        return holdAll(tx, row, free, reservationEvent('reservation.preparing', row, { at: now }))
      }),

    takeOverPreparation: (id, from, to) =>
      writing(async (tx) => {
        const taken = tx
          .updateTable('reservations')
          .set({ prepare_by: to, preparer: manager })
          .where('id', '=', id)
          .where('state', '=', 'preparing')
          .where('prepare_by', '=', from)
        return (await changedOne(taken)) ? readWithContainers(tx, id) : null
      }),
  }
}

/** Fields of a reservation that has begun neither to wait nor to run. */
const NOT_STARTED = {
  waitUntil: null,
  position: null,
  activeAt: null,
  expiresAt: null,
  aliveUntil: null,
  notifiedEnd: null,
  notifiedLeft: null,
  heldAt: null,
  endedAt: null,
  outcome: null,
  reason: null,
} satisfies Partial<ReservationFields>

/** All or nothing; see `Store.claim`. */
async function take(tx: Tx, claim: Claim, manager: string, now: number): Promise<Claimed> {
  const { request, quota, waitUntil, ...fields } = claim
  const { count, pool, owner, keepaliveMs } = fields
  if (request) {
    const earlier = await readEarlier(tx, owner, request.key, now)
    if (earlier) return { kind: 'repeated', earlier }
  }
  if (quota !== null) {
    const has = await countOwned(tx, owner, now)
    if (has + count > quota) return { kind: 'over_quota', has }
  }
  const holder = fields.name === null ? null : await findNamed(tx, owner, fields.name, now)
  if (holder !== null) return { kind: 'name_taken', holder }
  const waiting = (await waitingFor(tx, pool, now)).length
  const free = waiting === 0 ? await selectReady(tx, pool, count) : []
  const reservation = { ...NOT_STARTED, ...fields, createdAt: now }
  if (free.length >= count) {
    const row = await insert(tx, { ...reservation, state: 'preparing', promised: request !== null }, manager)
    if (request) await remember(tx, claim, now)
    return { kind: 'claimed', result: await holdAll(tx, row, free, startOf(row)) }
  }
  if (waitUntil === null) return { kind: 'short', available: free.length, waiting }
  if ((await countWaiting(tx, owner)) >= MAX_WAITING) return { kind: 'queue_full', most: MAX_WAITING }
  const position = await nextPosition(tx, pool)
  const aliveUntil = keepaliveMs === null ? null : now + keepaliveMs
  // Its owner learns of it before it is active, so it is promised.
  const queued = { ...reservation, state: 'waiting', promised: true, waitUntil, position, aliveUntil } as const
  const row = await insert(tx, queued, null)
  if (request) await remember(tx, claim, now)
  return { kind: 'waiting', result: await holdAll(tx, row, [], startOf(row)) }
}

/** Returns the inserted row. `preparer` is the manager that prepares the reservation; null while it waits. */
async function insert(tx: Tx, reservation: ReservationFields, preparer: string | null): Promise<ReservationsTable> {
  const row = fromReservation(reservation, preparer)
  await tx.insertInto('reservations').values(row).execute()
  return row
}

/** Returns the event that records a new reservation. */
function startOf(row: ReservationsTable): NewEvent {
  return reservationEvent(`reservation.${row.state}`, row, { at: row.created_at, by: row.owner })
}

/** Returns the queue of the pool in order, without those whose time is up, even before the sweep has ended them. */
async function waitingFor(tx: Tx, pool: string, now: number): Promise<string[]> {
  const rows = await tx
    .selectFrom('reservations')
    .select('id')
    .where('pool', '=', pool)
    .where('state', '=', sql.lit('waiting' as const))
    .where('wait_until', '>', now)
    .where((eb) => eb.or([eb('alive_until', 'is', null), eb('alive_until', '>', now)]))
    .orderBy('position')
    .execute()
  return rows.map((row) => row.id)
}

/** Returns one more than the highest position in the pool's queue. Positions of served requests may be reused. */
async function nextPosition(tx: Tx, pool: string): Promise<number> {
  const { last } = await tx
    .selectFrom('reservations')
    .select((eb) => eb.fn.max('position').as('last'))
    .where('pool', '=', pool)
    .where('state', '=', sql.lit('waiting' as const))
    .executeTakeFirstOrThrow()
  return (last ?? 0) + 1
}

/** Ignores a request that was answered with a failure: sending it again tries again. */
async function readEarlier(tx: Tx, owner: string, key: string, now: number): Promise<EarlierRequest | null> {
  const row = await tx
    .selectFrom('requests')
    .selectAll()
    .where('owner', '=', owner)
    .where('key', '=', key)
    .where('created_at', '>', now - KEY_LIFETIME_MS)
    .executeTakeFirst()
  const result = row && (await readWithContainers(tx, row.reservation_id))
  if (!result) return null
  const { outcome, waitUntil } = result.reservation
  if (outcome === 'failed' && waitUntil === null) return null
  return { body: row.body, salt: row.salt, result }
}

async function remember(tx: Tx, { owner, request, id }: Claim, now: number): Promise<void> {
  if (!request) return
  await tx
    .deleteFrom('requests')
    .where((eb) =>
      eb.or([
        eb('created_at', '<=', now - KEY_LIFETIME_MS),
        eb.and([eb('owner', '=', owner), eb('key', '=', request.key)]),
      ]),
    )
    .execute()
  await tx
    .insertInto('requests')
    .values({ owner, ...request, reservation_id: id, created_at: now })
    .execute()
}
