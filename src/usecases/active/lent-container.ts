/** Finds the container of an active reservation that a caller wants to reach. */
import type { Container } from '../../domain/container.ts'
import { BerthError } from '../../domain/errors.ts'
import { holdersOf, isActive, type Reservation, stateAt } from '../../domain/reservation.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Engine } from '../../ports/engine.ts'
import type { Store } from '../../ports/store.ts'

/** A container, and the reservation that it is lent to. */
export interface LentContainer {
  readonly reservation: Reservation
  readonly container: Container & { readonly engineId: string }
}

export interface LentContainerDeps {
  readonly store: Pick<Store, 'snapshot'>
  readonly engine: Pick<Engine, 'lentTo'>
  readonly clock: Clock
}

interface Use {
  readonly mayUse: (reservation: Reservation) => boolean
  /** What the container is needed for, such as "a terminal". */
  readonly purpose: string
}

/**
 * Returns the container as the rows have it now. Throws `not_found` unless it is reserved and the caller may use the
 * reservation, `not_active` unless the reservation is active, and `conflict` while the container is being replaced.
 */
export async function lentContainer(
  { store, engine, clock }: LentContainerDeps,
  name: string,
  { mayUse, purpose }: Use,
): Promise<LentContainer> {
  const { containers, reservations } = await store.snapshot()
  const container = containers.find((each) => each.name === name)
  const reservation = holdersOf(reservations).get(name)
  if (!container || !reservation || !mayUse(reservation)) {
    throw new BerthError('not_found', `you have no reservation with a container "${name}"`)
  }
  const { id } = reservation
  const now = clock()
  if (!isActive(reservation, now)) {
    const state = stateAt(reservation, now)
    throw new BerthError('not_active', `reservation ${id} is ${state}; ${purpose} requires an active one`)
  }
  const { engineId, generation, resetAt } = container
  const hold = reservation.holds.find((each) => each.container === name)
  const isUsable = engineId !== null && resetAt === null && hold?.accountGeneration === generation
  if (!isUsable || (engine.lentTo(engineId) ?? id) !== id) {
    throw new BerthError('conflict', `${name} is being replaced; try again when it is back`)
  }
  return { reservation, container: { ...container, engineId } }
}
