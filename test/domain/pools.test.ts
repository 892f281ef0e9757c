import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createPools } from '../../src/domain/pools.ts'
import { imageContainerName, imageSpecOf, specOf, specsOf } from '../../src/domain/pool.ts'
import { pool } from '../../lab/rows.ts'

const INSTANCE = { name: 'test', bind: '127.0.0.1' }
const plain = pool()
const imaged = pool({ name: 'q', prepare: '/site.yml', preparedImage: 'awaited' })

it('applies sizes and images together, and returns the same object while neither changes', () => {
  const pools = createPools([plain, imaged])
  assert.deepEqual(pools.all(), [plain, imaged])
  pools.useImages(new Map([['q', 'made']]))
  pools.resize(new Map([['q', 1]]))
  const made = pools.named('q')
  assert.deepEqual(made, { ...imaged, size: 1, image: 'made', prepare: null, preparedImage: 'made' })
  pools.resize(new Map([['q', 1]]))
  assert.equal(pools.named('q'), made)
  assert.equal(pools.named('p'), plain)
  pools.useImages(new Map([['q', null]]))
  assert.deepEqual(pools.named('q'), { ...imaged, size: 1, preparedImage: 'failed' })
  pools.useImages(new Map())
  pools.resize(new Map())
  assert.equal(pools.named('q'), imaged)
  assert.equal(pools.configured('q'), imaged)
})

it('changes no pool without prepare_image', () => {
  const pools = createPools([plain])
  pools.useImages(new Map([['p', 'made']]))
  assert.equal(pools.named('p'), plain)
})

it('leaves the containers of a pool with prepare_image to the manager', () => {
  assert.equal(specsOf(INSTANCE, plain).length, 3)
  assert.deepEqual(specsOf(INSTANCE, imaged), [])
})

it('makes the image in a container like those of the pool, without a port', () => {
  const { port: _, ...slot } = specOf(INSTANCE, imaged, { number: 1, port: 2_221, generation: 1 })
  assert.deepEqual(imageSpecOf(INSTANCE, imaged), { ...slot, name: imageContainerName('q') })
})

it('pools that are configured anew keep the sizes and images that override them, as new objects', () => {
  const pools = createPools([plain, imaged])
  pools.resize(new Map([[plain.name, 1]]))
  const before = pools.named(plain.name)
  assert.equal(pools.revision, 0)
  pools.configure([{ ...plain, pids: 64 }])
  assert.equal(pools.revision, 1)
  assert.deepEqual(pools.named(plain.name), { ...before, pids: 64 })
  assert.equal(pools.named(imaged.name), undefined)
  pools.configure([plain])
  assert.deepEqual(pools.named(plain.name), before)
  assert.notEqual(pools.named(plain.name), before, 'what was derived from the earlier object is not used')
})

it('the reaches of removed pools stay known', () => {
  const pools = createPools([pool({ name: 'p', reach: 'internet' })])
  pools.configure([pool({ name: 'q', reach: 'none' })])
  assert.deepEqual([...pools.reaches()], ['internet', 'none'])
})
