import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Container, ContainerPatch } from '../../src/domain/container.ts'
import { NOW } from '../../lab/rows.ts'
import { claimed, fill, namesOf, type Open, places, rowOf, statesOf } from './store-bench.ts'

export function containerVerbs(open: Open): void {
  describe('containers', () => {
    it('begin as places in which nothing was made yet', async () => {
      const store = await open()
      await store.addContainers([{ pool: 'p', number: 3, port: 2223 }], NOW)
      assert.deepEqual(await store.container('p-3'), {
        ...{ name: 'p-3', pool: 'p', number: 3, port: 2223, state: 'creating', since: NOW, generation: 0 },
        ...{
          host: null,
          node: null,
          engineId: null,
          hostKey: null,
          hostPublicKey: null,
          attempts: 0,
          retryAt: 0,
          error: null,
          resetAt: null,
        },
      })
      assert.equal(await store.container('p-1'), null)
    })

    it('stay as they are when they are added again', async () => {
      const store = await open()
      await fill(store, 1)
      const before = await store.container('p-1')
      await store.addContainers(
        places(2).map((place) => ({ ...place, port: 9_000 + place.number })),
        NOW,
      )
      assert.deepEqual(await store.container('p-1'), before)
      assert.deepEqual(await statesOf(store), ['p-1 ready 1', 'p-2 creating 0'])
    })

    it('are listed by pool, then number: 2 before 10', async () => {
      const store = await open()
      await store.addContainers([...places(11).toReversed(), ...places(2, 'b'), ...places(1, 'p-1')], NOW)
      const { containers } = await store.snapshot()
      assert.deepEqual(namesOf(containers), ['b-1', 'b-2', ...places(11).map((p) => `p-${p.number}`), 'p-1-1'])
    })
  })

  describe('updateContainer', () => {
    it('changes what the patch names, and nothing else', async () => {
      const store = await open()
      await store.addContainers(places(2), NOW)
      const other = await store.container('p-2')
      const patch: ContainerPatch = {
        ...{
          state: 'broken',
          since: NOW + 1,
          generation: 7,
          port: 9_000,
          engineId: 'id',
          hostKey: 'key',
          hostPublicKey: 'ssh-ed25519 AAAA',
        },
        ...{ host: 'node-a', node: 'a', attempts: 3, retryAt: NOW + 2, error: 'why', resetAt: NOW + 3 },
      }
      assert.equal(await store.updateContainer(await rowOf(store, 'p-1'), patch, NOW), true)
      const row = await rowOf(store, 'p-1')
      assert.deepEqual(row, { name: 'p-1', pool: 'p', number: 1, ...patch })
      assert.equal(await store.updateContainer(row, { engineId: null, hostKey: null, error: null }, NOW), true)
      assert.deepEqual(await rowOf(store, 'p-1'), { ...row, engineId: null, hostKey: null, error: null })
      assert.deepEqual(await store.container('p-2'), other)
    })

    it('keeps times to the millisecond, far ahead', async () => {
      const store = await open()
      await store.addContainers(places(1), NOW)
      const retryAt = Date.UTC(2999, 11, 31, 23, 59, 59, 999)
      await store.updateContainer(await rowOf(store, 'p-1'), { retryAt }, NOW)
      assert.equal((await rowOf(store, 'p-1')).retryAt, retryAt)
    })
  })

  /** What somebody believes who has not looked for a while. */
  const outdated: readonly [title: string, change: Partial<Container>][] = [
    ['its state has changed', { state: 'reserved' }],
    ['its generation has grown', { generation: 0 }],
    ['it is not there', { name: 'p-9', number: 9 }],
  ]
  for (const [title, change] of outdated) {
    it(`updateContainer and dropContainer do nothing when ${title}`, async () => {
      const store = await open()
      await fill(store, 2)
      const before = await store.snapshot()
      const seen = { ...(await rowOf(store, 'p-1')), ...change }
      assert.equal(await store.updateContainer(seen, { state: 'broken' }, NOW), false)
      assert.equal(await store.dropContainer(seen, NOW), false)
      assert.deepEqual(await store.snapshot(), before)
    })
  }

  it('of two that saw the same, one changes it', async () => {
    const store = await open()
    await fill(store, 1)
    const seen = await rowOf(store, 'p-1')
    const won = await Promise.all([
      store.updateContainer(seen, { state: 'broken' }, NOW),
      store.updateContainer(seen, { state: 'removing' }, NOW),
      store.dropContainer(seen, NOW),
    ])
    assert.equal(won.filter(Boolean).length, 1)
  })

  it('dropContainer deletes the row, and it only', async () => {
    const store = await open()
    await fill(store, 3)
    assert.equal(await store.dropContainer(await rowOf(store, 'p-2'), NOW), true)
    assert.deepEqual(await statesOf(store), ['p-1 ready 1', 'p-3 ready 1'])
  })

  it('a container that was claimed meanwhile is neither changed nor dropped', async () => {
    const store = await open()
    await fill(store, 1)
    const seen = await rowOf(store, 'p-1')
    await claimed(store)
    assert.equal(await store.updateContainer(seen, { state: 'removing' }, NOW), false)
    assert.equal(await store.dropContainer(seen, NOW), false)
    assert.deepEqual(await statesOf(store), ['p-1 reserved 1'])
  })

  it('pool facts are the last ones recorded, for each pool', async () => {
    const store = await open()
    assert.deepEqual(await store.poolFacts(), new Map())
    await store.recordPoolFacts('p', { os: 'Alpine', names: ['root'] })
    await store.recordPoolFacts('q', { os: 'Debian', names: [] })
    await store.recordPoolFacts('p', { os: 'Alpine 2', names: ['root', `o'brien "x"`] })
    const expected = { p: { os: 'Alpine 2', names: ['root', `o'brien "x"`] }, q: { os: 'Debian', names: [] } }
    assert.deepEqual(await store.poolFacts(), new Map(Object.entries(expected)))
  })
}
