/** Replaces a container of a running reservation with a fresh one, on request. */
import { type Container, resetting } from '../../domain/container.ts'
import { BerthError } from '../../domain/errors.ts'
import { type Identity, maySee } from '../../domain/identity.ts'
import { describeReservation, holdersOf, isActive, stateAt } from '../../domain/reservation.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Schedule } from '../../ports/schedule.ts'
import type { Store } from '../../ports/store.ts'

interface ResetDeps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly schedule: Schedule
}

/** See `Reservations.reset`. Only records the request: the reconciler destroys the container and makes the next one. */
export async function reset(
  { store, clock, log, schedule }: ResetDeps,
  name: string,
  by: Identity,
): Promise<Container> {
  for (;;) {
    const { containers, reservations } = await store.snapshot()
    const row = containers.find((each) => each.name === name)
    if (!row) throw new BerthError('not_found', `there is no container "${name}"`)
    const holder = holdersOf(reservations).get(name)
    if (!holder || !maySee(by, holder)) {
      throw new BerthError(
        'conflict',
        `${name} is in no reservation of yours; only containers of your own reservations can be reset`,
      )
    }
    const now = clock()
    if (!isActive(holder, now) || row.state !== 'reserved') {
      const state = stateAt(holder, now)
      throw new BerthError('not_active', `reservation ${holder.id} is ${state}: a reset needs an active one`)
    }
    if (row.resetAt !== null) return row
    const patch = resetting(now)
    if (!(await store.updateContainer(row, patch, now, by.name))) continue // The row has changed: read it again.
    log.info(`${name} of ${describeReservation(holder)} will be reset, by ${by.name}`, {
      reservation: holder.id,
      container: name,
      by: by.name,
    })
    schedule.nudge()
    return { ...row, ...patch }
  }
}
