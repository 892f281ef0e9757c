import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { ContainerSpec } from '../../src/domain/container.ts'
import { imageLabels, labelsOf, preparedLabels, readLabels, specDigest } from '../../src/engine/labels.ts'
import { mark } from '../../lab/database-mark.ts'

const spec: ContainerSpec = {
  instance: 'berth',
  pool: 'alpine',
  name: 'alpine-1',
  generation: 7,
  image: 'berth/box',
  bind: '127.0.0.1',
  port: 2221,
  memory: 1,
  shm: 1,
  cpus: 1,
  pids: 1,
  sudo: true,
  reach: 'internet',
  disk: null,
  runtime: null,
}

it('reads what it wrote', () => {
  for (const generation of [7, null]) {
    const labels = labelsOf({ ...spec, generation }, mark())
    assert.equal('berth.generation' in labels, generation !== null)
    const { id, origin } = mark()
    const made = { name: 'alpine-1', pool: 'alpine', generation, spec: specDigest(spec) }
    const expected = { ...made, database: id, origin }
    assert.deepEqual(readLabels(labels, 'berth'), expected)
  }
})

it('reads nothing from another instance, or without labels', () => {
  assert.equal(readLabels(labelsOf(spec, mark()), 'other'), null)
  assert.equal(readLabels({}, 'berth'), null)
  assert.equal(readLabels({ 'berth.instance': 'berth' }, 'berth'), null)
})

it('reads an invalid generation as none', () => {
  for (const text of ['', '-1', '1.5', 'x', '9'.repeat(30)]) {
    assert.equal(readLabels({ ...labelsOf(spec, mark()), 'berth.generation': text }, 'berth')?.generation, null)
  }
})

it('digests every field but the generation, in any order', () => {
  const digest = specDigest(spec)
  assert.match(digest, /^[0-9a-f]{16}$/)
  assert.equal(specDigest({ ...spec, generation: null }), digest)
  const backwards = Object.fromEntries(Object.entries(spec).toReversed()) as unknown as ContainerSpec
  assert.equal(specDigest(backwards), digest)
  for (const key of Object.keys(spec).filter((field) => field !== 'generation')) {
    assert.notEqual(specDigest({ ...spec, [key]: 'changed' }), digest, key)
  }
})

it('has the digest of earlier versions without the settings that they did not know', () => {
  // Another one would replace all containers of an installation at its upgrade.
  assert.equal(specDigest(spec), '91b7c477c1abd904')
})

it('digests each setting of a cluster', () => {
  const toleration = { key: 'gpu', value: null, effect: null }
  const specs: ContainerSpec[] = [
    spec,
    { ...spec, nodes: { disktype: 'ssd' } },
    { ...spec, nodes: { disktype: 'hdd' } },
    { ...spec, tolerations: [toleration] },
    { ...spec, tolerations: [{ ...toleration, effect: 'NoSchedule' }] },
    { ...spec, userns: 'required' },
    { ...spec, userns: 'try' },
  ]
  assert.equal(new Set(specs.map(specDigest)).size, specs.length)
})

it('clears the labels of a container in an image, and marks it as prepared', () => {
  const labels = imageLabels('berth', 'alpine')
  const inherited = { ...labelsOf(spec, mark()), ...labels }
  assert.equal(readLabels(inherited, 'berth'), null)
  assert.deepEqual(
    Object.fromEntries(Object.entries(inherited).filter(([, value]) => value !== '')),
    preparedLabels('berth', 'alpine'),
  )
})
