/** Which container a caller may open a terminal in, and where a terminal is. */
import { BerthError } from '../../domain/errors.ts'
import type { Identity } from '../../domain/identity.ts'
import type { Terminal } from '../../domain/terminal/terminal.ts'
import type { Store } from '../../ports/store.ts'
import { type LentContainer, type LentContainerDeps, lentContainer } from '../active/lent-container.ts'

/** A container, and the reservation that it is lent to. */
export type Place = LentContainer

type PlaceDeps = LentContainerDeps & { readonly store: Pick<Store, 'reservation'> }

/**
 * Returns the container with the caller's account. Throws as `lentContainer` does. Only the owner of the reservation
 * may use it: admins have no access.
 */
export function placeOf(deps: LentContainerDeps, name: string, by: Pick<Identity, 'name'>): Promise<Place> {
  return lentContainer(deps, name, { mayUse: ({ owner }) => owner === by.name, purpose: 'a terminal' })
}

/** Returns where the terminal is. `by` is null for the manager itself. Throws as `placeOf` does, also if it is over. */
export async function placeOfTerminal(deps: PlaceDeps, row: Terminal, by: Identity | null): Promise<Place> {
  const owner = by ?? { name: (await deps.store.reservation(row.reservation))?.owner ?? '' }
  const place = await placeOf(deps, row.container, owner)
  if (place.reservation.id === row.reservation && place.container.generation === row.generation) return place
  throw new BerthError('not_found', 'there is no such terminal')
}
