/** Puts a reservation on hold: after a failure it stays for a while, so that its tenant can find the cause. */
import { BerthError, invalidRequest } from '../../domain/errors.ts'
import type { Identity } from '../../domain/identity.ts'
import { poolOf, type Pools } from '../../domain/pools.ts'
import { describeReservation, isActive, type Reservation } from '../../domain/reservation.ts'
import { counted } from '../../domain/text/counted.ts'
import { formatDuration } from '../../domain/text/duration.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Schedule } from '../../ports/schedule.ts'
import type { ReservationWithContainers, Store } from '../../ports/store.ts'

const MIN_HOLD_MS = 60_000

interface HoldDeps {
  readonly pools: Pools
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly schedule: Schedule
}

interface Wanted {
  /** Returns the reservation. Throws `not_found`. */
  readonly find: () => Promise<ReservationWithContainers>
  /** NaN if it could not be read. */
  readonly durationMs: number
}

/** See `Reservations.hold`. */
export async function putOnHold(context: HoldDeps, { find, durationMs }: Wanted, by: Identity): Promise<Reservation> {
  const { pools, store, clock, log, schedule } = context
  for (;;) {
    const { reservation } = await find()
    const { id, heldAt, expiresAt, username } = reservation
    const now = clock()
    if (expiresAt === null || !isActive(reservation, now)) {
      throw new BerthError('not_active', 'only an active reservation can be put on hold')
    }
    if (heldAt !== null) {
      throw new BerthError(
        'conflict',
        'the reservation was put on hold already, which is possible once; extend it instead',
      )
    }
    const pool = poolOf(pools, reservation)
    if (pool.hold === null) {
      const remedy = `an admin allows it in berth.yml: pools.${pool.name}.hold: { max: 1h, containers: 2 }`
      throw new BerthError('conflict', `pool "${pool.name}" does not allow reservations on hold; ${remedy}`)
    }
    const { max, containers: mostContainers } = pool.hold
    if (!(durationMs >= MIN_HOLD_MS && durationMs <= max)) {
      const got = Number.isNaN(durationMs) ? '' : `, got ${formatDuration(durationMs)}`
      const most = `${formatDuration(max)}, hold.max of pool "${pool.name}"`
      const message = `must be a duration like 30m, from 1m to ${most}${got}`
      throw invalidRequest([{ path: 'duration', message }])
    }
    const to = now + durationMs
    const held = await store.putOnHold(id, { from: expiresAt, to, mostContainers }, by.name, now)
    if (held === null) continue // Another caller has moved or ended it: read it again.
    if (held === 'full') {
      const limit = `pool "${pool.name}" keeps at most ${counted(mostContainers, 'container')} on hold at once`
      throw new BerthError('conflict', `${limit}; release a reservation that is on hold first`)
    }
    const until = new Date(to).toISOString()
    log.info(`${describeReservation(reservation)} is on hold until ${until}`, { reservation: id, username, until })
    schedule.nudge()
    return held
  }
}
