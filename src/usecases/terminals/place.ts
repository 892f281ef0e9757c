/** Which container a caller may open a terminal in, and where a terminal is. */
import type { Container } from '../../domain/container.ts'
import { BerthError } from '../../domain/errors.ts'
import type { Identity } from '../../domain/identity.ts'
import { holdersOf, isActive, type Reservation, stateAt } from '../../domain/reservation.ts'
import type { Terminal } from '../../domain/terminal/terminal.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Engine } from '../../ports/engine.ts'
import type { Store } from '../../ports/store.ts'

/** A container, and the reservation that it is lent to. */
export interface Place {
  readonly reservation: Reservation
  readonly container: Container & { readonly engineId: string }
}

interface PlaceDeps {
  readonly store: Pick<Store, 'snapshot' | 'reservation'>
  readonly engine: Pick<Engine, 'lentTo'>
  readonly clock: Clock
}

/**
 * Returns the container with the caller's account. Throws `not_found` unless the caller owns its reservation (admins
 * have no access either), `not_active` unless the reservation is active, and `conflict` while the container is being
 * replaced.
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
    throw new BerthError('not_found', `you have no reservation with a container "${name}"`)
  }
  const { id } = reservation
  const now = clock()
  if (!isActive(reservation, now)) {
    const state = stateAt(reservation, now)
    throw new BerthError('not_active', `reservation ${id} is ${state}; a terminal requires an active one`)
  }
  const { engineId, generation, resetAt } = container
  const hold = reservation.holds.find((each) => each.container === name)
  const isUsable = engineId !== null && resetAt === null && hold?.accountGeneration === generation
  if (!isUsable || (engine.lentTo(engineId) ?? id) !== id) {
    throw new BerthError('conflict', `${name} is being replaced; try again when it is back`)
  }
  return { reservation, container: { ...container, engineId } }
}

/** Returns where the terminal is. `by` is null for the manager itself. Throws as `placeOf` does, also if it is over. */
export async function placeOfTerminal(deps: PlaceDeps, row: Terminal, by: Identity | null): Promise<Place> {
  const owner = by ?? { name: (await deps.store.reservation(row.reservation))?.owner ?? '' }
  const place = await placeOf(deps, row.container, owner)
  if (place.reservation.id === row.reservation && place.container.generation === row.generation) return place
  throw new BerthError('not_found', 'there is no such terminal')
}
