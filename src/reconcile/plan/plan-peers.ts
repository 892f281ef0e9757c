/** Plans which peers to connect, into which containers to write their names, and which networks to remove. */
import { byName, type Container } from '../../domain/container.ts'
import { isActive, type Reservation } from '../../domain/reservation.ts'
import type { Observed, PeerNetwork } from '../../ports/engine.ts'
import type { Ownership } from '../ownership/ownership.ts'
import { containerKey, peersKey } from '../work-keys.ts'
import type { Action, PlanInput } from './actions.ts'
import { heldRows, observedOf } from './rows.ts'
import { hasAccount, isUp } from './plan-container.ts'

/** A container of a reservation. */
interface Member {
  readonly container: Container
  /** Index among the reservation's containers by name, so that a replacement has the same. */
  readonly position: number
  /** null while the container is gone. */
  readonly observed: Observed | null
}

/** Plans nothing for a reservation of one container. Switching `reach_peers` off applies to later reservations only. */
export function planPeers(input: PlanInput, now: number): Action[] {
  const { pools, snapshot, peerNetworks, ownership, busy } = input
  const connecting = new Set(pools.filter(({ reachPeers }) => reachPeers).map(({ name }) => name))
  const ours = peerNetworks.filter(({ database }) => database === ownership.database)
  const existing = new Set(ours.map(({ reservation }) => reservation))
  const connected = snapshot.reservations.filter((reservation) => {
    if (reservation.count < 2 || !isActive(reservation, now) || busy.has(peersKey(reservation.id))) return false
    return connecting.has(reservation.pool) || existing.has(reservation.id)
  })
  const rows = heldRows(snapshot, connected)
  const observed = observedOf(rows, input.observed)
  const ofReservations = connected.flatMap((reservation) =>
    connectOrName(input, reservation, membersOf(reservation, rows, observed)),
  )
  return [...ofReservations, ...planRemovals(input)]
}

function membersOf(
  { holds }: Reservation,
  rows: ReadonlyMap<string, Container>,
  observed: ReadonlyMap<string, Observed>,
): Member[] {
  const containers = holds.flatMap(({ container }) => rows.get(container) ?? []).toSorted(byName)
  return containers.map((container, position) => {
    return { container, position, observed: observed.get(container.engineId ?? '') ?? null }
  })
}

/** Plans to connect containers. When all are connected, plans to write the names that have changed. */
function connectOrName({ peerNames, busy }: PlanInput, reservation: Reservation, members: readonly Member[]): Action[] {
  // A container that is down is connected when it is up again, with its account.
  const up = members.filter(
    ({ container, observed }) =>
      observed !== null &&
      isUp(observed) &&
      hasAccount(reservation, container) &&
      !busy.has(containerKey(container.name)),
  )
  const unconnected = up.filter(({ observed }) => observed?.peers?.reservation !== reservation.id)
  if (unconnected.length > 0) return [{ type: 'connectPeers', reservation, members: unconnected }]
  // Peers that are down keep their address.
  const peers = members.flatMap(({ container: { name }, observed }) => {
    const address = observed?.peers?.address ?? null
    return address === null ? [] : [{ name, address }]
  })
  const text = peers.map(({ name, address }) => `${address} ${name}`).join(', ')
  const outdated = up.flatMap(({ container, observed }) => {
    const version = `${observed?.peers?.attachment}: ${text}`
    return peerNames.get(container.engineId ?? '') === version ? [] : [{ container, version }]
  })
  return outdated.length > 0 ? [{ type: 'writePeerNames', reservation, peers, containers: outdated }] : []
}

/** Plans the removal of networks whose containers are gone. */
function planRemovals({ peerNetworks, observed, snapshot, ownership, busy }: PlanInput): Action[] {
  const open = new Set(snapshot.reservations.map(({ id }) => id))
  const inUse = new Set(observed.flatMap(({ peers }) => (peers === null ? [] : [peers.reservation])))
  return peerNetworks
    .filter(({ reservation }) => !inUse.has(reservation) && !busy.has(peersKey(reservation)))
    .filter((network) => mayRemove(network, open, ownership))
    .map((network) => ({ type: 'removePeerNetwork', network }))
}

/** Networks of another database stay while it may be in use, as its containers do. */
function mayRemove({ database, reservation }: PeerNetwork, open: ReadonlySet<string>, ownership: Ownership): boolean {
  if (database === ownership.database) return !open.has(reservation)
  const standing = ownership.standings.get(database ?? '')
  return standing === 'gone' || standing === 'abandoned'
}
