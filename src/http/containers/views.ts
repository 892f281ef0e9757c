/** How the API shows containers. */
import type { Static } from 'typebox'
import type { Container } from '../../domain/container.ts'
import { type Identity, maySee } from '../../domain/identity.ts'
import type { Reservation } from '../../domain/reservation.ts'
import { time } from '../time.ts'
import type { ContainerView } from './schemas.ts'

/**
 * The holder and the error are shown to the owner of the reservation only, and the error to admins: it may name a
 * tenant.
 */
export function viewContainer(
  { name, pool, state, since, generation, host, port, hostKey, attempts, error }: Container,
  holders: ReadonlyMap<string, Reservation>,
  { sshHost, by }: { sshHost: string; by: Identity },
): Static<typeof ContainerView> {
  const holder = holders.get(name)
  const theirs = holder !== undefined && maySee(by, holder)
  return {
    name,
    pool,
    state,
    since: time(since),
    generation,
    reservation: theirs ? holder.id : null,
    host: host ?? sshHost,
    port,
    host_key: hostKey,
    attempts,
    error: theirs || by.role === 'admin' ? error : null,
  }
}
