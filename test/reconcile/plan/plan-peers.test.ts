import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Observed, PeerNetwork } from '../../../src/ports/engine.ts'
import type { PlanInput } from '../../../src/reconcile/plan/actions.ts'
import { planPeers } from '../../../src/reconcile/plan/plan-peers.ts'
import { peersKey } from '../../../src/reconcile/work-keys.ts'
import { container, NOW, observed, pool, reservation } from '../../../lab/rows.ts'

const holds = [1, 2].map((number) => ({ container: `p-${number}`, accountGeneration: 1 }))
const held = reservation({ count: 2, holds })
const rows = [1, 2].map((number) => container({ number, state: 'reserved' }))
const network: PeerNetwork = { id: 'net', reservation: 'r', database: 'db', origin: null }

function linked(number: number, some: Partial<Observed> = {}): Observed {
  const peers = { reservation: 'r', address: `10.213.0.${number + 1}`, attachment: `start ${number}` }
  return observed({ name: `p-${number}`, peers, ...some })
}

const KNOWN = new Map([
  ['id-1', 'start 1: 10.213.0.2 p-1, 10.213.0.3 p-2'],
  ['id-2', 'start 2: 10.213.0.2 p-1, 10.213.0.3 p-2'],
])

/** Returns one line for each planned action. By default both containers are connected and know each other. */
function planned(some: Partial<PlanInput> = {}): string[] {
  const input: PlanInput = {
    pools: [pool()],
    snapshot: { containers: rows, reservations: [held], sizes: new Map() },
    observed: [linked(1), linked(2)],
    unreachable: new Set(),
    lostNodes: new Set(),
    peerNetworks: [network],
    peerNames: KNOWN,
    missingImages: [],
    specDigest: () => 'digest',
    ownership: { database: 'db', origin: 'host:/srv/db.db', standings: new Map(), known: new Set() },
    busy: new Set(),
    ...some,
  }
  return planPeers(input, NOW).map((action) => {
    if (action.type === 'connectPeers') {
      return `connect ${action.members.map(({ container: { name }, position }) => `${name} as ${position}`).join(', ')}`
    }
    if (action.type === 'writePeerNames') {
      const peers = action.peers.map(({ name, address }) => `${name} ${address}`).join(', ')
      return `name ${action.containers.map(({ container: { name } }) => name).join(' ')} as ${peers}`
    }
    return action.type === 'removePeerNetwork' ? `remove ${action.network.id}` : action.type
  })
}

const withReservation = (some: Parameters<typeof reservation>[0]) => ({
  snapshot: { containers: rows, reservations: [reservation({ count: 2, holds, ...some })], sizes: new Map() },
})
const withoutReservation = { snapshot: { containers: rows, reservations: [], sizes: new Map() } }
const apart = { observed: [observed(), observed({ name: 'p-2' })], peerNetworks: [], peerNames: new Map() }

describe('peers', () => {
  it('are left alone while they are connected and know each other', () => {
    assert.deepEqual(planned(), [])
  })

  it('are connected when the network or a member is missing', () => {
    assert.deepEqual(planned(apart), ['connect p-1 as 0, p-2 as 1'])
    assert.deepEqual(planned({ observed: [linked(1), observed({ name: 'p-2' })] }), ['connect p-2 as 1'])
  })

  it('are named when they are connected, again after each start, and when a peer has another address', () => {
    const both = '10.213.0.2, p-2 10.213.0.3'
    assert.deepEqual(planned({ peerNames: new Map() }), [`name p-1 p-2 as p-1 ${both}`])
    const again = { reservation: 'r', address: '10.213.0.3', attachment: 'start 9' }
    assert.deepEqual(planned({ observed: [linked(1), linked(2, { peers: again })] }), [`name p-2 as p-1 ${both}`])
    const moved = { ...again, attachment: 'start 2', address: '10.213.0.9' }
    assert.deepEqual(planned({ observed: [linked(1), linked(2, { peers: moved })] }), [
      'name p-1 p-2 as p-1 10.213.0.2, p-2 10.213.0.9',
    ])
  })

  it('that are down keep their names, and wait until they are up with their account', () => {
    const down = linked(2, { state: 'exited', port: null })
    assert.deepEqual(planned({ observed: [linked(1), down] }), [])
    const fresh = { ...apart, observed: [observed(), observed({ name: 'p-2', state: 'exited', port: null })] }
    assert.deepEqual(planned(fresh), ['connect p-1 as 0'])
    const [first] = holds
    assert.ok(first)
    const replaced = withReservation({ holds: [first, { container: 'p-2', accountGeneration: null }] })
    assert.deepEqual(planned({ ...apart, ...replaced }), ['connect p-1 as 0'])
  })

  it('are connected only in an active reservation of several containers', () => {
    for (const some of [{ state: 'preparing' }, { state: 'ending' }, { expiresAt: NOW }, { count: 1 }] as const)
      assert.deepEqual(planned({ ...apart, ...withReservation(some) }), [], JSON.stringify(some))
  })

  it('are not connected if the pool forbids it; an existing network stays until the end', () => {
    const pools = [pool({ reachPeers: false })]
    assert.deepEqual(planned({ ...apart, pools }), [])
    assert.deepEqual(planned({ pools, peerNames: new Map() }).length, 1)
  })

  it('wait while they are being worked on', () => {
    assert.deepEqual(planned({ ...apart, busy: new Set([peersKey('r')]) }), [])
    assert.deepEqual(planned({ ...apart, busy: new Set(['container p-1']) }), ['connect p-2 as 1'])
  })
})

describe('the network of a reservation', () => {
  it('is removed when the reservation has ended and its containers are gone', () => {
    const gone = { ...withoutReservation, observed: [observed({ generation: 2 })] }
    assert.deepEqual(planned(gone), ['remove net'])
    assert.deepEqual(planned({ ...gone, busy: new Set([peersKey('r')]) }), [])
  })

  it('stays while a container is on it, running or not, or while the reservation is open', () => {
    assert.deepEqual(planned({ ...withoutReservation, observed: [linked(1, { state: 'exited', port: null })] }), [])
    assert.deepEqual(planned({ ...withReservation({ state: 'ending' }), observed: [] }), [])
  })

  it('of another database stays, unless that database is gone or was removed', () => {
    const peerNetworks = [{ ...network, database: 'other' }]
    const plannedWith = (standings: PlanInput['ownership']['standings']) =>
      planned({
        ...withoutReservation,
        observed: [],
        peerNetworks,
        ownership: { database: 'db', origin: '', standings, known: new Set() },
      })
    assert.deepEqual(plannedWith(new Map()), [])
    assert.deepEqual(plannedWith(new Map([['other', 'served']])), [])
    assert.deepEqual(plannedWith(new Map([['other', 'exists']])), [])
    assert.deepEqual(plannedWith(new Map([['other', 'gone']])), ['remove net'])
    assert.deepEqual(plannedWith(new Map([['other', 'abandoned']])), ['remove net'])
  })
})
