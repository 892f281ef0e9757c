/** Reserves containers: checks the request, claims them in the database, and activates the reservation. */
import { nextWorkAt } from '../domain/next-work.ts'
import { BerthError, reasonOf } from '../domain/errors.ts'
import type { Identity } from '../domain/identity.ts'
import type { Pool } from '../domain/pool.ts'
import { poolProblem, type Pools } from '../domain/pools.ts'
import type { HashPassword } from '../ports/accounts.ts'
import type { EngineStatus } from '../ports/engine-status.ts'
import type { Schedule } from '../ports/schedule.ts'
import type { Claim, EarlierRequest, ReservationWithContainers } from '../ports/store.ts'
import { activate, type ActivationDeps, maxPreparationMs } from './activation.ts'
import { type IdempotentRequest, repeatedResult } from './idempotency.ts'
import { assertWithinLimits } from './limits.ts'
import { type PasswordStyle, passwordFor } from './passwords/passwords.ts'
import type { RevocationDeps } from './revocation.ts'
import { assertWithinPool, type WantedTimes } from './rules/pool-rules.ts'
import { refusalOf } from './refusals.ts'
import { assertAccount } from './rules/reserve-rules.ts'

type OptionalFields = { readonly [K in 'note' | 'name' | 'keepaliveMs']?: NonNullable<Claim[K]> }

export interface ReserveRequest extends Pick<Claim, 'username' | 'count' | 'durationMs'>, OptionalFields {
  readonly pool: Pool
  /** Each is one public key or several, line by line. */
  readonly sshKeys?: readonly string[]
  /** null: by SSH key only. Left out: generated, unless there are SSH keys. */
  readonly password?: string | null
  /** Generates a password of this style, also beside SSH keys. Not with `password`. */
  readonly passwordStyle?: PasswordStyle
  /** Maximum time in the pool's queue, milliseconds. */
  readonly waitMs?: number
  /** Recognises this request when it is sent again. */
  readonly idempotency?: IdempotentRequest
  readonly written?: NonNullable<WantedTimes['written']>
}

export interface Reserved extends ReservationWithContainers {
  /** The generated password, to be shown now only; null if none was generated. */
  readonly password: string | null
}

export interface ReserveDeps extends ActivationDeps, Pick<RevocationDeps, 'door'> {
  readonly pools: Pools
  readonly hashPassword: HashPassword
  readonly newId: () => string
  readonly engineStatus: EngineStatus
  readonly schedule: Schedule
}

/** See `Reservations.reserve`. */
export async function reserve(context: ReserveDeps, request: ReserveRequest, by: Identity): Promise<Reserved> {
  const { store, clock, engineStatus, schedule } = context
  const began = clock()
  const { pool, username, count, durationMs, note = null, keepaliveMs = null, waitMs, idempotency } = request
  const { name = null } = request
  assertWithinPool(pool, request)
  const password = passwordFor(request)
  const key = idempotency?.key ?? null
  const again = (earlier: EarlierRequest) => ({
    ...repeatedResult(key, earlier),
    password: password.shown(earlier.salt),
  })
  const earlier = key && (await store.earlier(by.name, key.key, began))
  if (earlier) return again(earlier)
  assertWithinLimits(by.limits, request)
  const sshKeys = await assertAccount(context, pool.name, request)
  await engineStatus.firstListing()
  const down = engineStatus.problem()
  if (down !== null) throw new BerthError('engine_unavailable', `the container engine does not answer: ${down}`)
  const passwordHash = password.text === null ? null : await context.hashPassword(password.text, password.isRandom)
  const now = clock()
  const claimed = await store.claim(
    {
      username,
      count,
      durationMs,
      note,
      name,
      keepaliveMs,
      sshKeys,
      id: context.newId(),
      pool: pool.name,
      owner: by.name,
      passwordHash,
      prepareBy: now + maxPreparationMs(context.accounts),
      waitUntil: waitMs ? now + waitMs : null,
      quota: by.limits.containers,
      request: key,
    },
    now,
  )
  switch (claimed.kind) {
    case 'repeated':
      return again(claimed.earlier)
    case 'waiting':
      schedule.nudge()
      return { ...claimed.result, password: password.shown() }
    case 'claimed':
      return { ...(await activateClaimed(context, claimed.result, pool, began)), password: password.shown() }
    case 'short':
    case 'over_quota':
    case 'queue_full':
    case 'name_taken':
      throw refusalOf(claimed, by, {
        pool: pool.name,
        name,
        problem: poolProblem((await store.snapshot()).containers, pool.name),
      })
  }
}

/** Ends the reservation as failed if it cannot be activated. `began` is when the request arrived. */
async function activateClaimed(
  context: ReserveDeps,
  claimed: ReservationWithContainers,
  pool: Pool,
  began: number,
): Promise<ReservationWithContainers> {
  const { store, clock, metrics, schedule, postponed } = context
  const { id, prepareBy, promised } = claimed.reservation
  try {
    const active = await activate(context, claimed, pool)
    metrics.observe('reserve', clock() - began)
    // Without a substitution, listing an engine of maybe 1,000 containers would only find what is known already.
    const isAsClaimed = active.containers.every(({ name }, index) => name === claimed.containers[index]?.name)
    const hasPeers = pool.reachPeers && active.containers.length > 1
    if (isAsClaimed) schedule.expect(nextWorkAt(active.reservation, clock()))
    if (!isAsClaimed || hasPeers) schedule.nudge()
    return active
  } catch (error) {
    // The activation may have been committed although it failed. A repeated request with the key returns that
    // reservation, so it stays. Without a key no request can return it.
    const seen = promised ? ({ state: 'preparing', prepareBy } as const) : { prepareBy }
    const failed = { outcome: 'failed', reason: reasonOf(error), seen } as const
    await postponed.write(() => store.end([id], failed, clock())).finally(() => schedule.nudge())
    throw error
  }
}
