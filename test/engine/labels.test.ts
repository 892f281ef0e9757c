import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { ContainerSpec } from '../../src/core/container.ts'
import { labelsOf, readLabels, specDigest } from '../../src/engine/labels.ts'

const spec: ContainerSpec = {
  instance: 'berth',
  pool: 'alpine',
  name: 'alpine-1',
  generation: 7,
  image: 'berth/alpine',
  bind: '127.0.0.1',
  port: 2221,
  memory: 1,
  cpus: 1,
  pids: 1,
  sudo: true,
  reach: 'internet',
  runtime: null,
}

it('reads what it wrote', () => {
  for (const generation of [7, null]) {
    const labels = labelsOf({ ...spec, generation })
    assert.equal('berth.generation' in labels, generation !== null)
    const expected = { name: 'alpine-1', pool: 'alpine', generation, spec: specDigest(spec) }
    assert.deepEqual(readLabels(labels, 'berth'), expected)
  }
})

it('reads nothing from another instance, or from strangers', () => {
  assert.equal(readLabels(labelsOf(spec), 'other'), null)
  assert.equal(readLabels({}, 'berth'), null)
  assert.equal(readLabels({ 'berth.instance': 'berth' }, 'berth'), null)
})

it('takes a damaged generation for none', () => {
  for (const text of ['', '-1', '1.5', 'x', '9'.repeat(30)]) {
    assert.equal(readLabels({ ...labelsOf(spec), 'berth.generation': text }, 'berth')?.generation, null)
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
