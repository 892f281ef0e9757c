/** From a request to containers that are held: at once, or by way of the queue. */
import { sql } from 'kysely'
import type { Claim, Claimed, EarlierRequest, Store } from '../core/store.ts'
import { appendReservation } from './events.ts'
import { holdAll, isOpen, readHeld, readReservation, readyOnes } from './queries.ts'
import type { ReservationsTable } from './tables.ts'
import type { Transactions, Tx } from './transactions.ts'

/** For how long a request that is sent again is known. */
const KEY_LIFE = 86_400_000

type ClaimVerbs = Pick<Store, 'claim' | 'earlier' | 'assign' | 'lease' | 'forgetPreparers'>

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
        const free = await readyOnes(tx, reservation.pool, reservation.count)
        if (free.length < reservation.count) return null
        const row = await tx
          .updateTable('reservations')
          .set({ state: 'preparing', prepare_by: prepareBy, preparer: manager })
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirstOrThrow()
        await appendReservation(tx, 'reservation.preparing', row, { at: now })
        return holdAll(tx, row, free, now)
      }),

    lease: (id, from, to) =>
      writing(async (tx) => {
        const { numUpdatedRows } = await tx
          .updateTable('reservations')
          .set({ prepare_by: to, preparer: manager })
          .where('id', '=', id)
          .where('state', '=', 'preparing')
          .where('prepare_by', '=', from)
          .executeTakeFirst()
        return numUpdatedRows === 1n ? readHeld(tx, id) : null
      }),

    forgetPreparers: (before) =>
      writing(async (tx) => {
        await tx
          .updateTable('reservations')
          .set({ prepare_by: 0 })
          .where('state', '=', 'preparing')
          .where('created_at', '<', before)
          .where((eb) => eb.or([eb('preparer', '=', manager), eb('preparer', 'is', null)]))
          .execute()
      }),
  }
}

/** All or nothing; see `Store.claim`. */
async function take(tx: Tx, claim: Claim, manager: string, now: number): Promise<Claimed> {
  const { request, quota, count, pool, owner } = claim
  if (request) {
    const earlier = await readEarlier(tx, owner, request.key, now)
    if (earlier) return { is: 'repeated', earlier }
  }
  if (quota !== null) {
    const has = await countOwned(tx, owner, now)
    if (has + count > quota) return { is: 'over_quota', has }
  }
  const waiting = (await waitingFor(tx, pool, now)).length
  const free = waiting === 0 ? await readyOnes(tx, pool, count) : []
  const enough = free.length >= count
  if (!enough && claim.waitUntil === null) return { is: 'short', available: free.length, waiting }
  const row = await insert(tx, claim, enough ? { state: 'preparing', manager } : { state: 'waiting' }, now)
  if (request) await remember(tx, claim, now)
  return { is: enough ? 'held' : 'waiting', held: await holdAll(tx, row, enough ? free : [], now) }
}

async function insert(
  tx: Tx,
  claim: Claim,
  begin: { readonly state: 'preparing'; readonly manager: string } | { readonly state: 'waiting' },
  now: number,
): Promise<ReservationsTable> {
  const { state } = begin
  const waits = state === 'waiting'
  const row = await tx
    .insertInto('reservations')
    .values({
      id: claim.id,
      pool: claim.pool,
      owner: claim.owner,
      username: claim.username,
      password_hash: claim.passwordHash,
      ssh_keys: JSON.stringify(claim.sshKeys),
      state,
      count: claim.count,
      created_at: now,
      duration_ms: claim.durationMs,
      prepare_by: claim.prepareBy,
      preparer: begin.state === 'preparing' ? begin.manager : null,
      // Its owner hears of one that waits before it is active, and has the key of a request to ask for it again.
      promised: waits || claim.request ? 1 : 0,
      wait_until: waits ? claim.waitUntil : null,
      turn: waits ? await nextTurn(tx, claim.pool) : null,
      active_at: null,
      expires_at: null,
      keepalive_ms: claim.keepaliveMs,
      alive_until: waits && claim.keepaliveMs !== null ? now + claim.keepaliveMs : null,
      told_end: null,
      told_left: null,
      ended_at: null,
      outcome: null,
      reason: null,
      note: claim.note,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  await appendReservation(tx, `reservation.${state}`, row, { at: now, by: claim.owner })
  return row
}

/** Of those that wait for this pool, first come first; without those whose time is up, also before the sweep got to them. */
async function waitingFor(tx: Tx, pool: string, now: number): Promise<string[]> {
  const rows = await tx
    .selectFrom('reservations')
    .select('id')
    .where('pool', '=', pool)
    .where('state', '=', sql.lit('waiting' as const))
    .where('wait_until', '>', now)
    .where((eb) => eb.or([eb('alive_until', 'is', null), eb('alive_until', '>', now)]))
    .orderBy('turn')
    .execute()
  return rows.map((row) => row.id)
}

/** After everybody who waits for the pool now; whoever waited before them has no use for a turn any more. */
async function nextTurn(tx: Tx, pool: string): Promise<number> {
  const { last } = await tx
    .selectFrom('reservations')
    .select((eb) => eb.fn.max('turn').as('last'))
    .where('pool', '=', pool)
    .where('state', '=', sql.lit('waiting' as const))
    .executeTakeFirstOrThrow()
  return (last ?? 0) + 1
}

/** Containers that an owner has, or waits for. */
async function countOwned(tx: Tx, owner: string, now: number): Promise<number> {
  const { sum } = await tx
    .selectFrom('reservations')
    .select((eb) => eb.fn.sum<number | null>('count').as('sum'))
    .where(isOpen)
    .where('owner', '=', owner)
    .where('state', '!=', 'ending')
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
    .executeTakeFirstOrThrow()
  return sum ?? 0
}

/** A request that failed while it was made was answered with that: to send it again is to try again. */
async function readEarlier(tx: Tx, owner: string, key: string, now: number): Promise<EarlierRequest | null> {
  const row = await tx
    .selectFrom('requests')
    .selectAll()
    .where('owner', '=', owner)
    .where('key', '=', key)
    .where('created_at', '>', now - KEY_LIFE)
    .executeTakeFirst()
  const held = row && (await readHeld(tx, row.reservation_id))
  if (!held) return null
  const { outcome, waitUntil } = held.reservation
  if (outcome === 'failed' && waitUntil === null) return null
  return { body: row.body, salt: row.salt, held }
}

async function remember(tx: Tx, { owner, request, id }: Claim, now: number): Promise<void> {
  if (!request) return
  await tx
    .deleteFrom('requests')
    .where((eb) =>
      eb.or([eb('created_at', '<=', now - KEY_LIFE), eb.and([eb('owner', '=', owner), eb('key', '=', request.key)])]),
    )
    .execute()
  await tx
    .insertInto('requests')
    .values({ owner, ...request, reservation_id: id, created_at: now })
    .execute()
}
