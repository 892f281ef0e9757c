/** Containers with the reservations that hold them. */
import type { Container, Reservation } from '../../api/types.ts'

export interface ContainerRow extends Container {
  /** null: no holder, or a holder that the caller may not see. */
  readonly holder: Reservation | null
}

export function withHolders(containers: readonly Container[], reservations: readonly Reservation[]): ContainerRow[] {
  const byId = new Map(reservations.map((one) => [one.id, one]))
  return containers.map((one) => ({ ...one, holder: byId.get(one.reservation ?? '') ?? null }))
}

/**
 * Returns "alice", or "alice (ada)" if the owner has another name. "anyone" is every caller with `auth: none`.
 */
export function holderText({ holder, state }: ContainerRow): string {
  if (holder === null) return state === 'reserved' ? 'another user' : ''
  const { username, owner } = holder
  return owner === username || owner === 'anyone' ? username : `${username} (${owner})`
}
