/** Containers with what is known of their holders. */
import type { Container, Reservation } from '../../api/types.ts'

export interface ContainerRow extends Container {
  /** null: none, or one that the caller may not see. */
  readonly holder: Reservation | null
}

export function withHolders(containers: readonly Container[], reservations: readonly Reservation[]): ContainerRow[] {
  const byId = new Map(reservations.map((one) => [one.id, one]))
  return containers.map((one) => ({ ...one, holder: byId.get(one.reservation ?? '') ?? null }))
}

/**
 * Returns "alice", or "alice (ada)" where the owner has another name. "anyone" is every caller without authentication.
 */
export function holderText({ holder, state }: ContainerRow): string {
  if (holder === null) return state === 'reserved' ? 'another user' : ''
  const { username, owner } = holder
  return owner === username || owner === 'anyone' ? username : `${username} (${owner})`
}
