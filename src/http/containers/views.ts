/** How the API shows containers. */
import type { Static } from 'typebox'
import { type Container, knownHostsLine } from '../../domain/container.ts'
import { type Identity, maySee } from '../../domain/identity.ts'
import type { Reservation } from '../../domain/reservation.ts'
import { optionalTime, time } from '../time.ts'
import type { ContainerView } from './schemas.ts'

/**
 * The holder and the error are shown to the owner of the reservation only, and the error to admins: it may name a
 * tenant.
 */
export function viewContainer(
  row: Container,
  holders: ReadonlyMap<string, Reservation>,
  { sshHost, by }: { sshHost: string; by: Identity },
): Static<typeof ContainerView> {
  const { name, pool, state, since, generation, port, hostKey, attempts, retryAt, error } = row
  const host = row.host ?? sshHost
  const holder = holders.get(name)
  const theirs = holder !== undefined && maySee(by, holder)
  return {
    name,
    pool,
    state,
    since: time(since),
    generation,
    reservation: theirs ? holder.id : null,
    host,
    port,
    host_key: hostKey,
    known_hosts: knownHostsLine(host, row),
    attempts,
    retry_at: optionalTime(state === 'broken' ? retryAt : null),
    error: theirs || by.role === 'admin' ? error : null,
  }
}
