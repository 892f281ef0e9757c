import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CLUSTER, formatNodes, formatTolerations } from '../../../src/config/cluster/cluster.ts'
import { poolChanges } from '../../../src/config/pool-changes.ts'
import { readPool } from '../../../src/config/pool.ts'
import { SettingsReader } from '../../../src/config/reader.ts'
import { describeChange } from '../../../src/domain/text/setting-change.ts'
import { pool } from '../../../lab/rows.ts'
import { POOL, problems, read } from '../../support/config.ts'

/** Reads a pool as for an engine with nodes. */
function cluster(some: object) {
  const reader = new SettingsReader({})
  const found = readPool(reader, 'p', { ...POOL, ...some }, { folder: '/', owners: new Map() })
  return { found, problems: reader.problems.map(({ path, message }) => `${path}: ${message}`) }
}

const refused = (some: object) => {
  const { found, problems: reported } = cluster(some)
  assert.equal(found, null)
  return reported
}

describe('nodes, tolerations and userns of a pool', () => {
  it('are absent by default, so that the digest of a container stays the same', () => {
    const [plain] = read({ auth: 'none', pools: { p: POOL } }).pools
    for (const key of Object.keys(CLUSTER)) assert.equal(key in (plain ?? {}), false, key)
  })

  it('are read as Kubernetes means them', () => {
    const tolerations = [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }, { key: 'example.org/spot' }]
    const { found } = cluster({ nodes: { zone: 'b', disktype: 'ssd', empty: '' }, tolerations, userns: 'try' })
    assert.deepEqual(Object.entries(found?.nodes ?? {}), [
      ['disktype', 'ssd'],
      ['empty', ''],
      ['zone', 'b'],
    ])
    assert.deepEqual(found?.tolerations, [
      { key: 'gpu', value: 'yes', effect: 'NoSchedule' },
      { key: 'example.org/spot', value: null, effect: null },
    ])
    assert.equal(found?.userns, 'try')
  })

  it('are refused with what is wrong', () => {
    assert.deepEqual(refused({ nodes: ['a'], tolerations: { key: 'gpu' }, userns: true }), [
      'pools.p.nodes: must be a map of labels that nodes have, like { disktype: ssd }, not a list',
      'pools.p.tolerations: must be a list like [{ key: gpu, effect: NoSchedule }], not a map',
      'pools.p.userns: must be required or try, not true',
    ])
    const text = 'which is not a text of up to 63 letters, digits, "-", "_" and "."'
    assert.deepEqual(refused({ nodes: { gpu: true } }), [`pools.p.nodes: has gpu: true, ${text}; put it in quotes`])
    assert.deepEqual(refused({ nodes: { gpu: 'a b' } }), [`pools.p.nodes: has gpu: "a b", ${text}`])
    const key = 'which is not a key like gpu or example.org/gpu'
    assert.deepEqual(refused({ nodes: { 'a/b/c': 'x' } }), [`pools.p.nodes: has "a/b/c", ${key}`])
    assert.deepEqual(refused({ tolerations: [{ effect: 'NoSchedule' }] }), [
      'pools.p.tolerations: has an entry without key',
    ])
    assert.deepEqual(refused({ tolerations: [{ key: 'gpu', effect: 'No' }] }), [
      'pools.p.tolerations: has effect: "No" for gpu; allowed: NoSchedule, PreferNoSchedule, NoExecute',
    ])
    assert.deepEqual(refused({ tolerations: [{ key: 'gpu' }, { key: 'a', operator: 'Exists' }] }), [
      'pools.p.tolerations: unknown key "operator" in number 2; allowed: key, value, effect',
    ])
    assert.deepEqual(refused({ tolerations: ['gpu'] }), [
      'pools.p.tolerations: must be a list of maps like { key: gpu }, but has "gpu"',
    ])
  })

  for (const engine of ['docker', 'memory']) {
    it(`are refused with engine: ${engine}, which has no nodes`, () => {
      const placed = { ...POOL, nodes: { zone: 'a' }, tolerations: [{ key: 'gpu' }], userns: 'required' }
      const why = `needs engine: kubernetes, which has nodes; remove it with engine: ${engine}`
      assert.deepEqual(problems({ auth: 'none', engine, pools: { p: placed } }), [
        `pools.p.nodes: ${why}`,
        `pools.p.tolerations: ${why}`,
        `pools.p.userns: ${why}`,
      ])
    })
  }

  it('are accepted with engine: kubernetes', () => {
    const placed = { ...POOL, nodes: { zone: 'a' }, userns: 'required' }
    const [found] = read({ auth: 'none', engine: 'kubernetes', ssh: { tunnel: true }, pools: { p: placed } }).pools
    assert.deepEqual([found?.nodes, found?.userns], [{ zone: 'a' }, 'required'])
  })

  it('are compared at a reload, in any order of the labels', () => {
    const before = cluster({ nodes: { zone: 'a', gpu: 'yes' } }).found
    const same = cluster({ nodes: { gpu: 'yes', zone: 'a' } }).found
    const other = cluster({ nodes: { zone: 'b' }, tolerations: [{ key: 'gpu' }], userns: 'try' }).found
    assert.ok(before && same && other)
    assert.deepEqual(poolChanges([before], [same]), [])
    assert.deepEqual(poolChanges([before], [other]).map(describeChange), [
      'pools.p.nodes: gpu=yes, zone=a -> zone=b',
      'pools.p.tolerations: new, gpu',
      'pools.p.userns: new, try',
    ])
  })

  it('are written as kubectl writes labels and taints', () => {
    const tolerations = [
      { key: 'gpu', value: 'yes', effect: 'NoSchedule' as const },
      { key: 'spot', value: null, effect: 'NoExecute' as const },
      { key: 'any', value: null, effect: null },
    ]
    assert.equal(formatTolerations(pool({ tolerations })), 'gpu=yes:NoSchedule, spot:NoExecute, any')
    assert.equal(formatNodes(pool({ nodes: { disktype: 'ssd' } })), 'disktype=ssd')
    assert.equal(formatNodes(pool()), null)
  })
})
