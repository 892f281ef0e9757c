/** Whose a container is: each case of a label, a ledger entry and a row, and what the planner makes of it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PlanInput } from '../../src/reconcile/plan/actions.ts'
import type { Container } from '../../src/domain/container.ts'
import { isCopy } from '../../src/domain/database-mark.ts'
import { protectionOf, type Standing } from '../../src/reconcile/ownership/ownership.ts'
import { ORPHAN_AGE_MS, plan } from '../../src/reconcile/plan/plan.ts'
import type { Observed } from '../../src/ports/engine.ts'
import { describeProtected } from '../../src/reconcile/ownership/recognition.ts'
import { mark } from '../../lab/database-mark.ts'
import { container, NOW, observed, pool, reservation } from '../../lab/rows.ts'

interface Case {
  readonly row?: Partial<Container> | null
  readonly seen?: Partial<Observed>
  readonly standing?: Standing
  /** Reservations that this database knows. */
  readonly known?: readonly string[]
}

const theirs = { database: 'other', origin: 'host:/other.db' }
const unmarked = { database: null, origin: null }
const UNKNOWN = 'it was lent to reservation x, and this database has no record of that'

function protection({ row = {}, seen = {}, standing = 'exists', known = ['r'] }: Case): string | null {
  const ownership = {
    database: 'db',
    origin: 'host:/here.db',
    standings: new Map([['other', standing]]),
    known: new Set(known),
  }
  return protectionOf(observed(seen), row === null ? undefined : container(row), ownership)
}

const CASES: readonly [what: string, Case, expected: string | null][] = [
  ['free, and never lent', {}, null],
  ['held, as this database knows', { row: { state: 'reserved' }, seen: { lentTo: 'r' } }, null],
  ['on its way out', { row: { state: 'removing' }, seen: { lentTo: 'r' } }, null],
  ['free by its row, and lent to somebody unknown', { seen: { lentTo: 'x' } }, UNKNOWN],
  [
    'free by its row, and lent all the same',
    { seen: { lentTo: 'r' } },
    'it was lent to reservation r, and this database has no record of that',
  ],
  ['in the making by its row, and lent', { row: { state: 'creating' }, seen: { lentTo: 'x' } }, UNKNOWN],
  ['held by its row, and lent to somebody else', { row: { state: 'reserved' }, seen: { lentTo: 'x' } }, UNKNOWN],
  [
    'on its way out by its row, and lent to somebody else',
    { row: { state: 'removing' }, seen: { lentTo: 'x' } },
    UNKNOWN,
  ],
  ['of another generation, never lent', { row: { generation: 2, engineId: 'id-9' } }, null],
  [
    'of an earlier generation, whose reservation is known',
    { row: { generation: 2, engineId: null }, seen: { lentTo: 'r' } },
    null,
  ],
  [
    'of an earlier generation, lent to somebody unknown',
    { row: { generation: 2, engineId: null }, seen: { lentTo: 'x' } },
    UNKNOWN,
  ],
  [
    'of a later generation, whose reservation is known: the database was restored',
    { row: { state: 'reserved', engineId: 'id-9' }, seen: { generation: 2, lentTo: 'r' } },
    null,
  ],
  [
    'of a later generation, lent to somebody unknown',
    { row: { state: 'reserved', engineId: 'id-9' }, seen: { generation: 2, lentTo: 'x' } },
    UNKNOWN,
  ],
  ['created, and not recorded yet', { row: { state: 'creating', engineId: null } }, null],
  ['an orphan of ours that was never lent', { row: null }, null],
  ['an orphan of ours that was lent to somebody unknown', { row: null, seen: { lentTo: 'x' } }, UNKNOWN],
  ['made by the version before, and known by its id', { seen: unmarked }, null],
  ['made by the version before, and held', { row: { state: 'reserved' }, seen: { ...unmarked, lentTo: 'r' } }, null],
  [
    'made by the version before, and not known',
    { row: { engineId: 'id-9' }, seen: unmarked },
    'an earlier version of Berth made it, and this database does not know it',
  ],
  [
    'of a database that is served',
    { seen: theirs, standing: 'served' },
    'it belongs to the database host:/other.db, which a manager is serving',
  ],
  ['of a database that is there', { seen: theirs }, 'it belongs to the database host:/other.db'],
  ['of a database that is gone, never lent', { seen: theirs, standing: 'gone' }, null],
  [
    'of a database that is gone, lent',
    { seen: { ...theirs, lentTo: 'x' }, standing: 'gone' },
    'the database host:/other.db has lent it (reservation x)',
  ],
  [
    'of a database that was in this file before, lent',
    { seen: { ...theirs, origin: 'host:/here.db', lentTo: 'x' }, standing: 'gone' },
    'an earlier database at host:/here.db has lent it (reservation x)',
  ],
  ['of a database that was given up, lent', { seen: { ...theirs, lentTo: 'x' }, standing: 'abandoned' }, null],
  [
    'known by its id, and marked by another database',
    { seen: { ...theirs, id: 'id-1' } },
    'it belongs to the database host:/other.db',
  ],
]

describe('the protection of a container', () => {
  for (const [what, situation, expected] of CASES) {
    it(what, () => assert.equal(protection(situation), expected))
  }
})

describe('a planner that sees what must be left alone', () => {
  function planned(row: Partial<Container>, seen: Partial<Observed>, some: Partial<PlanInput> = {}): string[] {
    const situation: PlanInput = {
      pools: [pool({ size: 1 })],
      snapshot: { containers: [container(row)], reservations: [], sizes: new Map() },
      observed: [observed(seen)],
      unreachable: new Set(),
      lostNodes: new Set(),
      peerNetworks: [],
      peerNames: new Map(),
      specDigest: () => 'digest',
      ownership: { database: 'db', origin: 'host:/here.db', standings: new Map(), known: new Set() },
      busy: new Set(),
      missingImages: [],
      ...some,
    }
    return plan(situation, NOW).map((action) => action.type)
  }

  for (const state of ['creating', 'ready', 'reserved', 'removing', 'broken', 'quarantined'] as const) {
    it(`says so once of a ${state} one, and does nothing else`, () => {
      const seen = { lentTo: 'x', spec: 'old', state: 'exited' } as const
      assert.deepEqual(planned({ state }, seen), ['block'])
      const error = `left alone: ${UNKNOWN}`
      if (state !== 'creating' && state !== 'ready') assert.deepEqual(planned({ state, error }, seen), [])
      // Otherwise something is done: the case can fail.
      if (state !== 'quarantined' && state !== 'reserved')
        assert.notDeepEqual(planned({ state }, { ...seen, lentTo: null }), ['block'])
    })
  }

  it('says so also while the place is left alone for another reason', () => {
    assert.deepEqual(planned({ state: 'broken', attempts: 5, retryAt: NOW + 1_000 }, { lentTo: 'x' }), ['block'])
  })

  it('runs no playbook in it', () => {
    const prepared = [pool({ size: 1, prepare: '/site.yml' })]
    assert.deepEqual(planned({ state: 'creating' }, { lentTo: 'x' }, { pools: prepared }), ['block'])
    assert.deepEqual(planned({ state: 'creating' }, {}, { pools: prepared }), ['prepare'])
  })

  it('sweeps no orphan that may have somebody in it', () => {
    const old = { name: 'q-1', createdAt: NOW - ORPHAN_AGE_MS - 1 }
    assert.deepEqual(planned({}, old).includes('sweep'), true)
    for (const seen of [{ lentTo: 'x' }, theirs, unmarked]) {
      assert.deepEqual(planned({}, { ...old, ...seen }).includes('sweep'), false)
    }
  })

  it('adopts only what its own database has made', () => {
    const empty = { state: 'creating', generation: 0, engineId: null, hostKey: null } as const
    assert.deepEqual(planned(empty, { generation: null }), ['adopt'])
    const gone = {
      database: 'db',
      origin: 'host:/here.db',
      standings: new Map([['other', 'gone' as const]]),
      known: new Set<string>(),
    }
    assert.deepEqual(planned(empty, { generation: null, ...theirs }, { ownership: gone }), ['build'])
    assert.deepEqual(planned(empty, { generation: null, ...unmarked }), ['block'])
  })

  it('keeps what the version before has lent', () => {
    const held = {
      snapshot: { containers: [container({ state: 'reserved' })], reservations: [reservation()], sizes: new Map() },
    }
    assert.deepEqual(planned({}, { ...unmarked, spec: 'old' }, held), [])
  })
})

describe('a copy of a database', () => {
  const self = mark('db', { since: 20, file: 'b' })
  const other = (some: object) => [{ database: 'db', file: 'a', since: 10, ...some }]
  const TABLE: readonly [string, Parameters<typeof isCopy>[1], boolean][] = [
    ['is served from another file by a manager that was there before', other({}), true],
    ['is the other one where that came later', other({ since: 30 }), false],
    ['is exactly one of two that came at the same moment', other({ since: 20 }), true],
    ['is none where the file is the same: two managers may share a database', other({ file: 'b' }), false],
    ['is none where the identity is another', other({ database: 'x' }), false],
  ]
  for (const [what, managers, expected] of TABLE) it(what, () => assert.equal(isCopy(self, managers), expected))
  it('is not decided twice', () => {
    const mirror = mark('db', { since: 20, file: 'a' })
    assert.equal(isCopy(mirror, [{ database: 'db', file: 'b', since: 20 }]), false)
  })
})

it('what is left alone is said in one sentence, with the ways out', () => {
  const one = { observed: observed({}), row: container(), why: 'it is lent', standing: null }
  const other = { observed: observed({ name: 'q-1' }), row: null, why: 'it is lent', standing: null }
  const text = describeProtected([one, other])
  assert.match(text, /^2 containers are left alone, and 1 slot is out of use \(p-1, q-1: it is lent\)\./)
  assert.match(text, /"instance:" in berth\.yml.*berth doctor --fix/)
  assert.equal(describeProtected([]), '')
})
