/** Containers with the reservations that hold them. */
import type { Container, Reservation } from '../../api/types.ts'
import { accountText } from '../../words/callers.ts'

export interface ContainerRow extends Container {
  /** null: no holder, or a holder that the caller may not see. */
  readonly holder: Reservation | null
}

export function withHolders(containers: readonly Container[], reservations: readonly Reservation[]): ContainerRow[] {
  const byId = new Map(reservations.map((one) => [one.id, one]))
  return containers.map((one) => ({ ...one, holder: byId.get(one.reservation ?? '') ?? null }))
}

/**
 * Returns "alice", or "alice (ada)" if the owner has another name; "another user" for one that the caller may not see.
 */
export function holderText({ holder, state }: ContainerRow): string {
  if (holder === null) return state === 'reserved' ? 'another user' : ''
  return accountText(holder.username, holder.owner)
}
