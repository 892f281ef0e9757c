import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Container } from '../../../src/domain/container.ts'
import type { Action, PlanInput } from '../../../src/reconcile/plan/actions.ts'
import { nextDue, nextEnd, ORPHAN_AGE_MS, plan, planEnds, planRequests } from '../../../src/reconcile/plan/plan.ts'
import { containerKey, imageKey, notificationKey } from '../../../src/reconcile/work-keys.ts'
import { owning } from '../../../lab/database-mark.ts'
import { container, NOW, observed, pool, reservation } from '../../../lab/rows.ts'

interface Scene extends Partial<Omit<PlanInput, 'snapshot' | 'observed'>> {
  /** null: the engine does not answer. */
  observed?: PlanInput['observed'] | null
  containers?: PlanInput['snapshot']['containers']
  reservations?: PlanInput['snapshot']['reservations']
}

/** A pool of one slot, unless the scene has other pools. */
function inputOf({ containers = [], reservations = [], observed: listed, ...rest }: Scene): PlanInput {
  return {
    pools: [pool({ size: 1 })],
    snapshot: { containers, reservations, sizes: new Map() },
    observed: listed ?? [],
    unreachable: new Set(),
    lostNodes: new Set(),
    peerNetworks: [],
    peerNames: new Map(),
    specDigest: () => 'digest',
    ownership: owning('r'),
    busy: new Set(),
    missingImages: [],
    ...rest,
  }
}

/** All actions of one pass of the reconciler, in the order in which it plans them. */
function actionsOf(scene: Scene): Action[] {
  const input = inputOf(scene)
  const requests = [...planEnds(input, NOW), ...planRequests(input, NOW)]
  return scene.observed === null ? requests : [...requests, ...plan(input, NOW)]
}

function brief(action: Action): string {
  switch (action.type) {
    case 'assign':
    case 'resume':
      return `${action.type} ${action.reservation.id}`
    case 'end':
      return `end ${action.reservation.id} ${action.outcome}`
    case 'revoke':
      return `revoke ${action.reservation.id} in ${action.containers.map((c) => c.name).join(' ')}`
    case 'notify':
      return `notify ${action.reservation.id} in ${action.containers.map((c) => c.name).join(' ')}`
    case 'add':
      return `add ${action.slots.map((p) => `${p.pool}-${p.number}:${p.port}`).join(' ')}`
    case 'prepare':
      return `prepare ${action.containers.map((c) => c.name).join(' ')}`
    case 'makeImage': {
      const stale = action.stale.map((o) => ` without ${o.id}`).join('')
      return `makeImage ${action.missing.pool.name} ${action.missing.image}${stale}`
    }
    case 'connectPeers':
    case 'writePeerNames':
      return `${action.type} ${action.reservation.id}`
    case 'removePeerNetwork':
      return `removePeerNetwork ${action.network.id}`
    case 'sweep':
      return `sweep ${action.observed.id}`
    case 'block':
    case 'break':
    case 'retire':
      return `${action.type} ${action.container.name}: ${action.reason}`
    case 'adopt':
      return `adopt ${action.container.name} as ${action.observed.id}`
    case 'build':
    case 'restore':
    case 'recycle': {
      const current = 'current' in action && action.current ? ` from ${action.current.id}` : ''
      const stale = action.stale.length > 0 ? ` without ${action.stale.map((o) => o.id).join(' ')}` : ''
      return `${action.type} ${action.container.name}${current}${stale}`
    }
  }
}

const creating: Partial<Container> = { state: 'creating', engineId: null, hostKey: null }
const fromAnsible = observed({ generation: null })
const prepared = pool({ size: 3, prepare: '/site.yml' })
const awaiting = pool({ size: 1, prepare: '/site.yml', preparedImage: 'awaited' })
const missingImages = [{ pool: awaiting, image: 'prepared' }]
const temporary = observed({ id: 'id-t', name: 'p-image', createdAt: NOW })
const up = [1, 2, 3].map((n) => observed({ name: `p-${n}` }))

const cutOff = new Set(['n1'])

const MOVED = reservation({ notifiedEnd: NOW + 1_000 })

const CASES: Record<string, [scene: Scene, ...actions: string[]]> = {
  'all is well': [{ containers: [container()], observed: [observed()] }],
  'an empty database': [{ pools: [pool({ size: 2 })] }, 'add p-1:2221 p-2:2222'],
  'a pool has grown': [
    { pools: [pool({ size: 2 })], containers: [container()], observed: [observed()] },
    'add p-2:2222',
  ],
  'without a look at the engine': [{ containers: [container(creating)], observed: null }],

  'nothing was made yet': [{ containers: [container({ ...creating, generation: 0 })] }, 'build p-1'],
  'ansible made one': [
    { containers: [container({ ...creating, generation: 0 })], observed: [fromAnsible] },
    'adopt p-1 as id-1',
  ],
  'ansible made one that is down': [
    { containers: [container({ ...creating, generation: 0 })], observed: [{ ...fromAnsible, state: 'exited' }] },
    'build p-1 without id-1',
  ],
  'ansible made one with other limits': [
    { containers: [container({ ...creating, generation: 0 })], observed: [{ ...fromAnsible, spec: 'other' }] },
    'build p-1 without id-1',
  ],
  'a manager whose database is gone made one': [
    { containers: [container({ ...creating, generation: 0 })], observed: [observed({ generation: 7 })] },
    'build p-1 without id-1',
  ],
  'killed after create, before its id was recorded': [
    { containers: [container(creating)], observed: [observed({ state: 'created' })] },
    'build p-1 from id-1',
  ],
  'killed while it was starting': [
    { containers: [container({ ...creating, engineId: 'id-1' })], observed: [observed()] },
    'build p-1 from id-1',
  ],
  'an older generation is in the way': [
    { containers: [container({ ...creating, generation: 2 })], observed: [observed()] },
    'build p-1 without id-1',
  ],
  'an impostor with the right generation and another id': [
    { containers: [container({ ...creating, engineId: 'id-9' })], observed: [observed()] },
    'recycle p-1 without id-1',
  ],
  'not before its next attempt': [{ containers: [container({ ...creating, retryAt: NOW + 1 })] }],
  'at once when its next attempt is further off than any pause: the clock was set back': [
    { containers: [container({ ...creating, retryAt: NOW + 3_600_000 })] },
    'build p-1',
  ],
  'somebody is at it': [{ containers: [container(creating)], busy: new Set([containerKey('p-1')]) }],

  'a ready one is gone': [{ containers: [container()] }, 'break p-1: the container is gone'],
  'a ready one is on a node that cannot be reached': [{ containers: [container({ node: 'n1' })], unreachable: cutOff }],
  'a ready one is gone, and another node cannot be reached': [
    { containers: [container({ node: 'n2' })], unreachable: cutOff },
    'break p-1: the container is gone',
  ],
  'a ready one was on a node that is lost': [
    { containers: [container({ node: 'n1' })], lostNodes: cutOff },
    'break p-1: its node n1 was lost',
  ],
  'a ready one is gone, and another node is lost': [
    { containers: [container({ node: 'n2' })], lostNodes: cutOff },
    'break p-1: the container is gone',
  ],
  'one that is being made may be on a node that cannot be reached': [
    { containers: [container({ ...creating, engineId: 'id-1' })], unreachable: cutOff },
  ],
  'a held one is on a node that cannot be reached': [
    { containers: [container({ state: 'reserved', node: 'n1' })], reservations: [reservation()], unreachable: cutOff },
  ],
  'one that was being made is gone': [{ containers: [container({ ...creating, engineId: 'id-1' })] }, 'recycle p-1'],
  'a ready one is down': [
    { containers: [container()], observed: [observed({ state: 'exited' })] },
    'break p-1: the container is exited',
  ],
  'a ready one is paused': [
    { containers: [container()], observed: [observed({ state: 'paused' })] },
    'break p-1: the container is paused',
  ],
  'a ready one was taken off its network': [
    { containers: [container()], observed: [observed({ port: null })] },
    'break p-1: the container is cut off from its network',
  ],
  'one that Ansible made was taken off its network': [
    { containers: [container({ ...creating, generation: 0 })], observed: [observed({ generation: null, port: null })] },
    'build p-1 without id-1',
  ],
  'a held one was taken off its network': [
    {
      containers: [container({ state: 'reserved' })],
      reservations: [reservation()],
      observed: [observed({ port: null })],
    },
    'restore p-1 from id-1',
  ],
  'a ready one is of an outdated make': [
    { containers: [container()], observed: [observed({ spec: 'old' })] },
    'retire p-1: the pool is configured differently',
  ],
  'outdated ones are renewed one after another': [
    {
      pools: [pool({ size: 2 })],
      containers: [container(), container({ number: 2 })],
      observed: [observed({ spec: 'old' }), observed({ name: 'p-2', spec: 'old' })],
    },
    'retire p-1: the pool is configured differently',
  ],
  'outdated ones stay while one is broken, which the new settings may have caused': [
    {
      pools: [pool({ size: 2 })],
      containers: [container(), container({ number: 2, state: 'broken', retryAt: NOW + 1 })],
      observed: [observed({ spec: 'old' })],
    },
  ],
  'a broken one': [
    { containers: [container({ state: 'broken' })], observed: [observed()] },
    'recycle p-1 without id-1',
  ],

  'a held one is well': [
    { containers: [container({ state: 'reserved' })], reservations: [reservation()], observed: [observed()] },
  ],
  'a reserved one is to be reset': [
    {
      containers: [container({ state: 'reserved', resetAt: NOW })],
      reservations: [reservation()],
      observed: [observed()],
    },
    'restore p-1 from id-1',
  ],
  'a reserved one is to be reset, and its time is up': [
    {
      containers: [container({ state: 'reserved', resetAt: NOW })],
      reservations: [reservation({ expiresAt: NOW })],
      observed: [observed()],
    },
    'end r expired',
  ],
  'a held one is down': [
    {
      containers: [container({ state: 'reserved' })],
      reservations: [reservation()],
      observed: [observed({ state: 'exited' })],
    },
    'restore p-1 from id-1',
  ],
  'a held one is gone': [
    { containers: [container({ state: 'reserved' })], reservations: [reservation()] },
    'restore p-1',
  ],
  'a held one was replaced and has no account yet': [
    {
      containers: [container({ state: 'reserved', generation: 2 })],
      reservations: [reservation()],
      observed: [observed({ generation: 2 })],
    },
    'restore p-1 from id-1',
  ],
  'a held one of an outdated make stays': [
    {
      containers: [container({ state: 'reserved' })],
      reservations: [reservation()],
      observed: [observed({ spec: 'old' })],
    },
  ],
  'somebody prepares it': [
    {
      containers: [container({ state: 'reserved' })],
      reservations: [
        reservation({ state: 'preparing', expiresAt: null, holds: [{ container: 'p-1', accountGeneration: null }] }),
      ],
      observed: [],
    },
  ],
  'the manager that prepared it has died': [
    {
      containers: [container({ state: 'reserved' })],
      reservations: [reservation({ state: 'preparing', expiresAt: null, prepareBy: NOW })],
      observed: [observed()],
    },
    'end r failed',
  ],
  'its time is up': [
    {
      containers: [container({ state: 'reserved' })],
      reservations: [reservation({ expiresAt: NOW })],
      observed: [observed()],
    },
    'end r expired',
  ],
  'nobody has kept it alive': [
    {
      containers: [container({ state: 'reserved' })],
      reservations: [reservation({ keepaliveMs: 5_000, aliveUntil: NOW })],
      observed: [observed()],
    },
    'end r abandoned',
  ],
  'its time is up before it counts as abandoned': [
    {
      containers: [container({ state: 'reserved' })],
      reservations: [reservation({ expiresAt: NOW, keepaliveMs: 5_000, aliveUntil: NOW + 1 })],
      observed: [observed()],
    },
    'end r expired',
  ],
  'one that waits for more than the pool has now': [
    {
      reservations: [
        reservation({
          id: 'large',
          state: 'waiting',
          count: 2,
          position: 1,
          waitUntil: NOW + 1,
          expiresAt: null,
          holds: [],
        }),
        reservation({ id: 'small', state: 'waiting', position: 2, waitUntil: NOW + 1, expiresAt: null, holds: [] }),
      ],
      containers: [container({ state: 'creating', retryAt: NOW + 1 })],
    },
    'end large failed',
  ],
  'a held one that is more than the pool has now': [
    {
      pools: [pool({ size: 0 })],
      containers: [container({ state: 'reserved' })],
      reservations: [reservation()],
      observed: [observed()],
    },
  ],
  'a quarantined one, whatever runs there': [
    {
      pools: [pool({ size: 0 })],
      containers: [container({ state: 'quarantined' })],
      observed: [observed({ state: 'exited', spec: 'old' })],
    },
  ],
  'one millisecond is left': [
    {
      containers: [container({ state: 'reserved' })],
      reservations: [reservation({ expiresAt: NOW + 1 })],
      observed: [observed()],
    },
  ],
  'its end was moved': [
    {
      containers: [container({ state: 'reserved' })],
      reservations: [MOVED],
      observed: [observed()],
    },
    'notify r in p-1',
  ],
  'its end was moved and somebody is telling it': [
    {
      containers: [container({ state: 'reserved' })],
      reservations: [MOVED],
      observed: [observed()],
      busy: new Set([notificationKey('r')]),
    },
  ],
  'its end was moved and the engine is away': [
    { containers: [container({ state: 'reserved' })], reservations: [MOVED], observed: null },
  ],
  'its end was moved and the container is down': [
    {
      containers: [container({ state: 'reserved' })],
      reservations: [MOVED],
      observed: [observed({ state: 'exited' })],
    },
    'restore p-1 from id-1',
  ],
  'its end was moved and the container is being brought up': [
    {
      containers: [container({ state: 'reserved' })],
      reservations: [MOVED],
      observed: [observed()],
      busy: new Set([containerKey('p-1')]),
    },
  ],
  'its end was moved and one of its containers has no account yet': [
    {
      pools: [pool({ size: 2 })],
      containers: [container({ state: 'reserved' }), container({ state: 'reserved', number: 2, generation: 2 })],
      reservations: [{ ...MOVED, holds: [1, 2].map((number) => ({ container: `p-${number}`, accountGeneration: 1 })) }],
      observed: [observed(), observed({ name: 'p-2', generation: 2 })],
    },
    'restore p-2 from id-2',
    'notify r in p-1',
  ],
  'access is revoked before tenants are notified': [
    {
      pools: [pool({ size: 2 })],
      containers: [container({ state: 'reserved' }), container({ state: 'removing', number: 2 })],
      reservations: [
        MOVED,
        reservation({
          id: 's',
          state: 'ending',
          endedAt: NOW - 10,
          holds: [{ container: 'p-2', accountGeneration: 1 }],
        }),
      ],
      observed: up.slice(0, 2),
    },
    'revoke s in p-2',
  ],
  'its time is up and the engine is away': [
    {
      containers: [container({ state: 'reserved' })],
      reservations: [reservation({ expiresAt: NOW - 99 })],
      observed: null,
    },
    'end r expired',
  ],
  'access is to be cut before anything is recycled': [
    {
      pools: [pool({ size: 2 })],
      containers: [container({ state: 'removing' }), container({ state: 'removing', number: 2 })],
      reservations: [reservation({ state: 'ending', endedAt: NOW - 10 })],
      observed: up,
    },
    'revoke r in p-1',
  ],
  'one that cannot be cut does not keep the others waiting for ever': [
    {
      pools: [pool({ size: 2 })],
      containers: [container({ state: 'removing' }), container({ state: 'removing', number: 2 })],
      reservations: [reservation({ state: 'ending', endedAt: NOW - 10_000 })],
      observed: up.slice(0, 2),
    },
    'revoke r in p-1',
    'recycle p-2 without id-2',
  ],
  'it was cut': [
    { containers: [container({ state: 'removing' })], observed: [observed({ state: 'exited' })] },
    'recycle p-1 without id-1',
  ],

  'a pool has shrunk': [
    { pools: [pool({ size: 0 })], containers: [container()], observed: [observed()] },
    'retire p-1: the pool has shrunk',
  ],
  'a pool has shrunk below a held one': [
    {
      pools: [pool({ size: 0 })],
      containers: [container({ state: 'reserved' })],
      reservations: [reservation()],
      observed: [observed()],
    },
  ],
  'a pool has shrunk below one in the making': [
    { pools: [pool({ size: 0 })], containers: [container({ ...creating, engineId: 'id-1' })], observed: [observed()] },
    'recycle p-1 without id-1',
  ],
  'a pool is no longer in berth.yml': [
    { pools: [pool({ name: 'q', size: 0 })], containers: [container()], observed: [observed()] },
    'retire p-1: the pool has shrunk',
  ],

  'image: it is made before any container': [
    { pools: [awaiting], missingImages, containers: [container(creating)] },
    'makeImage p prepared',
  ],
  'image: it is being made': [
    {
      pools: [awaiting],
      missingImages,
      containers: [container(creating)],
      observed: [temporary],
      busy: new Set([imageKey('p'), containerKey('p-image')]),
    },
  ],
  'image: the manager that was making it has died': [
    { pools: [awaiting], missingImages, containers: [container(creating)], observed: [temporary] },
    'makeImage p prepared without id-t',
  ],
  'image: the manager died after it had made it': [
    {
      pools: [{ ...awaiting, prepare: null, preparedImage: 'made' }],
      containers: [container()],
      observed: [observed(), temporary],
    },
    'sweep id-t',
  ],
  'image: until it is made, ready containers are lent as they are': [
    { pools: [awaiting], missingImages, containers: [container()], observed: [observed({ spec: 'other' })] },
    'makeImage p prepared',
  ],
  'image: until it is made, a reserved container is restored': [
    {
      pools: [awaiting],
      missingImages,
      containers: [container({ state: 'reserved' })],
      reservations: [reservation()],
      observed: [],
    },
    'restore p-1',
    'makeImage p prepared',
  ],
  'image: until it is made, no playbook runs in containers that were begun': [
    { pools: [awaiting], containers: [container({ state: 'creating' })], observed: [observed()] },
  ],
  'image: until it is made, a slot that is not wanted goes': [
    {
      pools: [{ ...awaiting, size: 0 }],
      containers: [container({ ...creating, engineId: 'id-1' })],
      observed: [observed()],
    },
    'recycle p-1 without id-1',
  ],
  'image: a container that was begun from another image is not finished': [
    {
      pools: [{ ...awaiting, prepare: null, preparedImage: 'made' }],
      containers: [container({ state: 'creating' })],
      observed: [observed({ spec: 'other' })],
    },
    'recycle p-1 without id-1',
  ],
  'image: it cannot be made, and is tried again': [
    {
      pools: [{ ...awaiting, preparedImage: 'failed' }],
      missingImages,
      containers: [container({ state: 'creating' })],
      observed: [observed()],
    },
    'prepare p-1',
    'makeImage p prepared',
  ],

  'playbook: the last of the new ones is still in the making': [
    {
      pools: [prepared],
      containers: [
        container({ state: 'creating' }),
        container({ state: 'creating', number: 2 }),
        container({ ...creating, number: 3 }),
      ],
      observed: up.slice(0, 2),
    },
    'build p-3',
  ],
  'playbook: one run for all new ones': [
    {
      pools: [prepared],
      containers: [1, 2, 3].map((number) => container({ state: 'creating', number })),
      observed: up,
    },
    'prepare p-1 p-2 p-3',
  ],
  'playbook: one that fails again and again does not keep the others waiting': [
    {
      pools: [prepared],
      containers: [
        container({ state: 'creating' }),
        container({ state: 'creating', number: 2 }),
        container({ ...creating, number: 3, attempts: 1, retryAt: NOW + 500 }),
      ],
      observed: up.slice(0, 2),
    },
    'prepare p-1 p-2',
  ],
  'playbook: the container died meanwhile': [
    { pools: [{ ...prepared, size: 1 }], containers: [container({ state: 'creating' })] },
    'recycle p-1',
  ],

  'an orphan': [
    { pools: [pool({ size: 0 })], observed: [observed({ createdAt: NOW - ORPHAN_AGE_MS - 1 })] },
    'sweep id-1',
  ],
  'an orphan from a time that is yet to come: the clock was set back': [
    { pools: [pool({ size: 0 })], observed: [observed({ createdAt: NOW + ORPHAN_AGE_MS + 1 })] },
    'sweep id-1',
  ],
  'a container too young to be an orphan': [
    { pools: [pool({ size: 0 })], observed: [observed({ createdAt: NOW - ORPHAN_AGE_MS + 1 })] },
  ],
}

describe('plan', () => {
  for (const [name, [scene, ...actions]] of Object.entries(CASES)) {
    it(name, () => assert.deepEqual(actionsOf(scene).map(brief), actions))
  }
})

describe('nextDue', () => {
  const due = (scene: Scene) => nextDue(inputOf(scene).snapshot, NOW) - NOW
  it('is the end of a reservation', () =>
    assert.equal(due({ reservations: [reservation({ notifiedLeft: 5_000 })] }), 55_000))
  it('is when it counts as abandoned, if that is sooner', () => {
    assert.equal(due({ reservations: [reservation({ aliveUntil: NOW + 3 })] }), 3)
    assert.equal(due({ reservations: [reservation({ aliveUntil: NOW + 99_000, notifiedLeft: 5_000 })] }), 55_000)
  })
  it('is when a notification is due', () => {
    const some = { activeAt: NOW, expiresAt: NOW + 3_600_000 }
    assert.equal(due({ reservations: [reservation(some)] }), 3_000_000)
    assert.equal(due({ reservations: [reservation({ ...some, notifiedLeft: 600_000 })] }), 3_540_000)
    assert.equal(due({ reservations: [reservation({ ...some, notifiedLeft: 60_000 })] }), 3_595_000)
    assert.equal(due({ reservations: [reservation({ ...some, notifiedLeft: 5_000 })] }), 3_600_000)
  })
  it('is the end of a preparation', () => {
    assert.equal(due({ reservations: [reservation({ state: 'preparing', expiresAt: null })] }), 30_000)
  })
  it('leaves the retries of a revocation to the loop that enforces expiry', () => {
    const ending = { reservations: [reservation({ state: 'ending' })] }
    assert.equal(due(ending), 2_000)
    assert.equal(nextEnd(inputOf(ending).snapshot, NOW) - NOW, 500)
  })
  it('is the next attempt', () => assert.equal(due({ containers: [container({ retryAt: NOW + 7 })] }), 7))
  it('is the earliest of all', () => {
    assert.equal(due({ containers: [container({ retryAt: NOW + 7 })], reservations: [reservation()] }), 7)
  })
  it('is never when all is well', () => assert.equal(due({ containers: [container()] }), Number.POSITIVE_INFINITY))
})
