/** Which container a caller may open a terminal in. */
import type { Container } from '../../domain/container.ts'
import { BerthError } from '../../domain/errors.ts'
import type { Identity } from '../../domain/identity.ts'
import { holdersOf, isActive, type Reservation, stateAt } from '../../domain/reservation.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Engine } from '../../ports/engine.ts'
import type { Store } from '../../ports/store.ts'

export interface Place {
  readonly reservation: Reservation
  readonly container: Container & { readonly engineId: string }
}

export interface PlaceDeps {
  readonly store: Pick<Store, 'snapshot'>
  readonly engine: Pick<Engine, 'lentTo'>
  readonly clock: Clock
}

/**
 * Returns the container with the caller's account. Only the owner of its reservation gets in, not even an admin:
 * `not_found`. `not_active` unless the reservation is, `conflict` while the container is replaced.
 */
export async function placeOf(
  { store, engine, clock }: PlaceDeps,
  name: string,
  by: Pick<Identity, 'name'>,
): Promise<Place> {
  const { containers, reservations } = await store.snapshot()
  const container = containers.find((each) => each.name === name)
  const reservation = holdersOf(reservations).get(name)
  if (!container || reservation?.owner !== by.name) {
    throw new BerthError('not_found', `there is no container "${name}" in a reservation of yours`)
  }
  const { id } = reservation
  const now = clock()
  if (!isActive(reservation, now)) {
    const state = stateAt(reservation, now)
    throw new BerthError('not_active', `reservation ${id} is ${state}: a terminal needs an active one`)
  }
  const { engineId, generation, resetAt } = container
  const hold = reservation.holds.find((each) => each.container === name)
  const isUsable = engineId !== null && resetAt === null && hold?.accountGeneration === generation
  if (!isUsable || (engine.lentTo(engineId) ?? id) !== id) {
    throw new BerthError('conflict', `${name} is being replaced; try again when it is back`)
  }
  return { reservation, container: { ...container, engineId } }
}
