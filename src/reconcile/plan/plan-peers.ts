/** Which containers of one reservation to connect and to make known to each other, and which networks are over. */
import { byName, type Container } from '../../domain/container.ts'
import { isActive, type Reservation } from '../../domain/reservation.ts'
import type { Observed, PeerNetwork } from '../../ports/engine.ts'
import type { Ownership } from '../ownership/ownership.ts'
import { containerKey, peersKey } from '../work-keys.ts'
import type { Action, PlanInput } from './actions.ts'
import { hasAccount, isUp } from './plan-container.ts'

/** A container of a reservation. */
interface Member {
  readonly container: Container
  /** In the order of the containers, so that a replacement has it, too. */
  readonly position: number
  /** null while the container is gone. */
  readonly observed: Observed | null
}

/** A reservation of a single container needs nothing. Switching `reach_peers` off concerns later reservations only. */
export function planPeers(input: PlanInput, now: number): Action[] {
  const { pools, snapshot, peerNetworks, ownership, busy } = input
  const connecting = new Set(pools.filter(({ reachPeers }) => reachPeers).map(({ name }) => name))
  const ours = peerNetworks.filter(({ database }) => database === ownership.database)
  const existing = new Set(ours.map(({ reservation }) => reservation))
  const rows = new Map(snapshot.containers.map((row) => [row.name, row]))
  const observed = new Map(input.observed.map((one) => [one.id, one]))
  const introductions = snapshot.reservations.flatMap((reservation): Action[] => {
    if (reservation.count < 2 || !isActive(reservation, now) || busy.has(peersKey(reservation.id))) return []
    if (!connecting.has(reservation.pool) && !existing.has(reservation.id)) return []
    return connectOrIntroduce(input, reservation, membersOf(reservation, rows, observed))
  })
  return [...introductions, ...planDisbanding(input)]
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

function connectOrIntroduce(
  { introduced, busy }: PlanInput,
  reservation: Reservation,
  members: readonly Member[],
): Action[] {
  // A container that is down is connected when it is up again, with its account.
  const up = members.filter(
    ({ container, observed }) =>
      observed !== null &&
      isUp(observed) &&
      hasAccount(reservation, container) &&
      !busy.has(containerKey(container.name)),
  )
  const apart = up.filter(({ observed }) => observed?.peers?.reservation !== reservation.id)
  if (apart.length > 0) return [{ type: 'connect', reservation, members: apart }]
  // Peers that are down keep their address.
  const peers = members.flatMap(({ container: { name }, observed }) => {
    const address = observed?.peers?.address ?? null
    return address === null ? [] : [{ name, address }]
  })
  const text = peers.map(({ name, address }) => `${address} ${name}`).join(', ')
  const strangers = up.flatMap(({ container, observed }) => {
    const introduction = `${observed?.peers?.attachment}: ${text}`
    return introduced.get(container.engineId ?? '') === introduction ? [] : [{ container, introduction }]
  })
  return strangers.length > 0 ? [{ type: 'introduce', reservation, peers, containers: strangers }] : []
}

/** Plans the removal of networks whose containers are gone. */
function planDisbanding({ peerNetworks, observed, snapshot, ownership, busy }: PlanInput): Action[] {
  const open = new Set(snapshot.reservations.map(({ id }) => id))
  const inUse = new Set(observed.flatMap(({ peers }) => (peers === null ? [] : [peers.reservation])))
  return peerNetworks
    .filter(({ reservation }) => !inUse.has(reservation) && !busy.has(peersKey(reservation)))
    .filter((network) => mayRemove(network, open, ownership))
    .map((network) => ({ type: 'disband', network }))
}

/** Networks of another database stay as its containers do, while it may be in use. */
function mayRemove({ database, reservation }: PeerNetwork, open: ReadonlySet<string>, ownership: Ownership): boolean {
  if (database === ownership.database) return !open.has(reservation)
  const standing = ownership.standings.get(database ?? '')
  return standing === 'gone' || standing === 'abandoned'
}
