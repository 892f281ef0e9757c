/** Each way in which rows and containers can differ, and those that are no difference. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Container } from '../../src/domain/container.ts'
import { type DoctorInput, examine } from '../../src/reconcile/findings.ts'
import type { Pool } from '../../src/domain/pool.ts'
import type { Observed } from '../../src/ports/engine.ts'
import type { Reservation } from '../../src/domain/reservation.ts'
import { owning } from '../../lab/database-mark.ts'
import { container, NOW, observed, pool, reservation } from '../../lab/rows.ts'

const MINUTE = 60_000

interface Case {
  readonly rows?: readonly Partial<Container>[]
  readonly seen?: readonly Partial<Observed>[]
  readonly reservations?: readonly Reservation[]
  readonly pools?: readonly Pool[]
  readonly unreachable?: readonly string[]
  readonly patience?: number
}

function findings({
  rows = [{}],
  seen = [{}],
  reservations = [],
  pools = [pool({ size: 1 })],
  unreachable = [],
  patience: patienceMs = 0,
}: Case) {
  const examined: DoctorInput = {
    pools,
    snapshot: { containers: rows.map((row) => container(row)), reservations, sizes: new Map() },
    observed: seen.map((each) => observed(each)),
    unreachable: new Set(unreachable),
    specDigest: () => 'digest',
    ownership: owning('r'),
    patienceMs,
  }
  return examine(examined, NOW).map((each) => `${each.kind} ${each.container}: ${each.detail}`)
}

const holding = reservation({ holds: [{ container: 'p-1', accountGeneration: 1 }] })

const CASES: readonly [what: string, situation: Case, expected: readonly string[]][] = [
  ['what is as it was recorded', {}, []],
  ['a held one', { rows: [{ state: 'reserved' }], reservations: [holding] }, []],
  ['an adopted one, without a generation', { seen: [{ generation: null }] }, []],
  ['one that is gone', { seen: [] }, ['missing p-1: it is ready in the database, and not in the engine']],
  [
    'one on a node that cannot be reached',
    { rows: [{ node: 'n1' }], seen: [], unreachable: ['n1'] },
    ['missing p-1: the engine cannot reach its node, n1'],
  ],
  [
    'one whose node is not recorded while nodes cannot be reached',
    { rows: [{ node: null }], seen: [], unreachable: ['n1', 'n2'] },
    ['missing p-1: the engine cannot reach its node, one of n1, n2'],
  ],
  [
    'a held one that is gone',
    { rows: [{ state: 'reserved' }], seen: [], reservations: [holding] },
    ['missing p-1: it is reserved in the database, and not in the engine'],
  ],
  [
    'a place without a row',
    { rows: [], seen: [] },
    ['missing p-1: berth.yml wants it, and it is neither in the database nor in the engine'],
  ],
  [
    'one that Ansible made, before the first manager',
    { rows: [], seen: [{ generation: null }] },
    ['orphaned p-1: it is in the engine, and not in the database: no manager has taken it over yet'],
  ],
  [
    'one of ours that is not in the database',
    { seen: [{}, { name: 'p-9', id: 'abcdefabcdef99', generation: 4 }] },
    ['orphaned p-9: it is in the engine with our label, and not in the database: generation 4, abcdefabcdef'],
  ],
  [
    'the container in which an image is made, older than the patience',
    { seen: [{}, { name: 'p-image', createdAt: NOW - 10 * MINUTE }], patience: 2 * MINUTE },
    [],
  ],
  [
    'the container of an image while no manager works',
    { seen: [{}, { name: 'p-image', id: 'abcdefabcdef99' }] },
    ['orphaned p-image: it is in the engine with our label, and not in the database: generation 1, abcdefabcdef'],
  ],
  [
    'a container of an earlier image while the next one is made',
    { pools: [pool({ size: 1, prepare: '/lab.yml', preparedImage: 'awaited' })], seen: [{ spec: 'other' }] },
    [],
  ],
  [
    'a young one that is not in the database, while a manager works',
    { seen: [{}, { name: 'p-9' }], patience: MINUTE },
    [],
  ],
  [
    'another generation than recorded',
    { rows: [{ generation: 3, engineId: 'id-of-the-third' }] },
    ['labels p-1: the database has generation 3, id-of-the-th, the engine has generation 1, id-1'],
  ],
  [
    'a label that says another generation',
    { rows: [{ generation: 3 }] },
    ['labels p-1: generation 3 in the database, 1 on its label'],
  ],
  [
    'a label that says another pool',
    { seen: [{ pool: 'q' }] },
    ['labels p-1: of the pool p in the database, q on its label'],
  ],
  [
    'two of one name',
    { seen: [{}, { id: 'second' }] },
    ['orphaned p-1: another container has this name: generation 1, second'],
  ],
  [
    'two of one name, none of them recorded',
    { rows: [{ engineId: 'gone', generation: 7 }], seen: [{ id: 'a' }, { id: 'b' }] },
    [
      'labels p-1: the database has generation 7, gone, the engine has generation 1, a',
      'orphaned p-1: another container has this name: generation 1, b',
    ],
  ],
  [
    'one that is down',
    { seen: [{ state: 'exited', port: null }] },
    ['state p-1: it is ready in the database, and exited in the engine'],
  ],
  [
    'one in quarantine of which nothing was made yet',
    { rows: [{ state: 'quarantined', engineId: null }], seen: [] },
    [],
  ],
  [
    'one in quarantine that is gone',
    { rows: [{ state: 'quarantined' }], seen: [] },
    ['missing p-1: it is quarantined in the database, and not in the engine'],
  ],
  ['one that is down in quarantine', { rows: [{ state: 'quarantined' }], seen: [{ state: 'exited', port: null }] }, []],
  ['another port', { seen: [{ port: 4_000 }] }, ['port p-1: port 2221 in the database, 4000 in the engine']],
  ['no port', { seen: [{ port: null }] }, ['port p-1: port 2221 in the database, none in the engine']],
  [
    'other settings',
    { seen: [{ spec: 'other' }] },
    ['labels p-1: it was made from other settings than those of berth.yml'],
  ],
  [
    'other settings of a held one',
    { rows: [{ state: 'reserved' }], seen: [{ spec: 'other' }], reservations: [holding] },
    [],
  ],
  [
    'one that is held by nobody',
    { rows: [{ state: 'reserved' }] },
    ['state p-1: it is reserved in the database, and no reservation holds it'],
  ],
  [
    'a slot that is not wanted',
    { pools: [pool({ size: 0 })] },
    ['state p-1: it is ready, and berth.yml no longer has its slot'],
  ],
  [
    'a broken one',
    { rows: [{ state: 'broken', attempts: 3, error: 'no sshd' }] },
    ['state p-1: it is broken after 3 attempts: no sshd'],
  ],
  [
    'a broken one after its first failure',
    { rows: [{ state: 'broken', attempts: 1, error: 'no sshd' }] },
    ['state p-1: it is broken after 1 attempt: no sshd'],
  ],
  ['one under way', { rows: [{ state: 'creating', since: NOW - MINUTE }], seen: [], patience: 2 * MINUTE }, []],
  [
    'one that does not get on',
    { rows: [{ state: 'removing', since: NOW - 3 * MINUTE, error: 'no answer' }], patience: 2 * MINUTE },
    ['state p-1: it has been in state removing for 3 minutes: no answer'],
  ],
  [
    'one that nobody works on',
    { rows: [{ state: 'creating', since: NOW - 1_000 }], seen: [] },
    ['state p-1: it has been in state creating for less than a minute'],
  ],
]

describe('examine', () => {
  for (const [what, situation, expected] of CASES) {
    it(expected.length === 0 ? `has nothing to say about ${what}` : `finds ${what}`, () => {
      assert.deepEqual(findings(situation), expected)
    })
  }

  it('says it in the order of the places, and what has none last', () => {
    const pools = [pool({ size: 10 }), pool({ name: 'a', size: 1 })]
    const found = findings({ pools, rows: [{ number: 2 }], seen: [{ name: 'zz-1' }] })
    const places = found.map((line) => line.replace(/^\w+ (.*?):.*/, '$1'))
    assert.deepEqual(places, ['a-1', ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((n) => `p-${n}`), 'zz-1'])
  })
})
