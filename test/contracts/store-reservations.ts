import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { NOW } from '../../lab/rows.ts'
import { claimOf } from '../../lab/claims.ts'
import { claimed, fill, MINUTE, namesOf, type Open, rowOf, statesOf } from './store-bench.ts'

const LATER = NOW + 1_000

export function reservationVerbs(open: Open): void {
  describe('claim', () => {
    it('takes the lowest ready numbers of the pool', async () => {
      const store = await open()
      await fill(store, 12)
      await fill(store, 2, 'a')
      await store.updateContainer(await rowOf(store, 'p-2'), { state: 'broken' }, NOW)
      const { containers } = await claimed(store, { count: 9 })
      assert.deepEqual(
        namesOf(containers),
        [1, 3, 4, 5, 6, 7, 8, 9, 10].map((number) => `p-${number}`),
      )
      assert.deepEqual(namesOf((await claimed(store, { id: 'r2', count: 2 })).containers), ['p-11', 'p-12'])
    })

    it('gives the rows as they are now, and remembers who asked for what', async () => {
      const store = await open()
      await fill(store, 1)
      const free = await rowOf(store, 'p-1')
      await store.updateContainer(free, { attempts: 2, retryAt: NOW + MINUTE }, NOW)
      const claim = claimOf({
        note: 'for the demo',
        passwordHash: null,
        sshKeys: ['ssh-ed25519 AAAA a "key"', 'ssh-rsa BBBB'],
      })
      const { request: _request, quota: _quota, ...asked } = claim
      const answer = await store.claim(claim, LATER)
      assert.ok(answer.kind === 'claimed')
      const { result: held } = answer
      assert.deepEqual(held, {
        reservation: {
          ...{ ...asked, state: 'preparing', createdAt: LATER },
          ...{
            ...{ promised: false, position: null, aliveUntil: null, notifiedEnd: null, notifiedLeft: null },
            ...{ activeAt: null, expiresAt: null, endedAt: null, outcome: null, reason: null, heldAt: null },
            holds: [{ container: 'p-1', accountGeneration: null }],
          },
        },
        containers: [{ ...free, state: 'reserved', since: LATER, attempts: 0, retryAt: 0 }],
      })
      const { reservation, containers } = held
      assert.deepEqual(await store.reservation('r1'), reservation)
      assert.deepEqual(await store.snapshot(), { containers, reservations: [reservation], sizes: new Map() })
      assert.equal(await store.reservation('r2'), null)
    })

    it('takes all or none, and says how many there were', async () => {
      const store = await open()
      await fill(store, 3)
      await fill(store, 5, 'q')
      await claimed(store)
      const before = await store.snapshot()
      assert.deepEqual(await store.claim(claimOf({ id: 'r2', count: 3 }), NOW), {
        ...{ kind: 'short', available: 2, waiting: 0 },
      })
      assert.deepEqual(await store.snapshot(), before)
      assert.equal(await store.reservation('r2'), null)
    })

    it('takes nothing when it fails half-way', async () => {
      const store = await open()
      await fill(store, 3)
      await claimed(store)
      const before = await store.snapshot()
      await assert.rejects(store.claim(claimOf({ id: 'r1', count: 2 }), NOW), 'an id serves once')
      assert.deepEqual(await store.snapshot(), before)
    })

    it('gives 10 containers to 10 of 200 who ask at once', async () => {
      const store = await open()
      await fill(store, 10)
      const asked = Array.from({ length: 200 }, (_, index) => store.claim(claimOf({ id: `r${index}` }), NOW))
      const answers = await Promise.all(asked)
      const held = answers.flatMap((answer) => (answer.kind === 'claimed' ? answer.result.containers : []))
      assert.equal(held.length, 10)
      assert.equal(new Set(namesOf(held)).size, 10)
      assert.equal((await store.snapshot()).reservations.length, 10)
    })
  })

  describe('substitute', () => {
    it('swaps one container for the lowest ready one', async () => {
      const store = await open()
      await fill(store, 4)
      await claimed(store, { count: 2 })
      const third = await rowOf(store, 'p-3')
      const other = await store.substitute('r1', 'p-1', 'no sshd', LATER)
      assert.deepEqual(other, { ...third, state: 'reserved', since: LATER, attempts: 0, retryAt: 0 })
      assert.deepEqual(await store.container('p-3'), other)
      assert.deepEqual(await statesOf(store), ['p-1 removing 1', 'p-2 reserved 1', 'p-3 reserved 1', 'p-4 ready 1'])
      const { error, since } = await rowOf(store, 'p-1')
      assert.deepEqual({ error, since }, { error: 'no sshd', since: LATER })
      const holds = (await store.reservation('r1'))?.holds.map((hold) => hold.container)
      assert.deepEqual(holds?.toSorted(), ['p-2', 'p-3'])
    })

    const refusals: readonly [
      why: string,
      size: number,
      prepare: (store: Awaited<ReturnType<Open>>) => Promise<unknown>,
    ][] = [
      ['no other one is ready', 2, async () => undefined],
      ['it is active', 3, (store) => store.activate('r1', NOW)],
      ['it was ended', 3, (store) => store.end(['r1'], { outcome: 'released' }, NOW)],
    ]
    for (const [why, size, prepare] of refusals) {
      it(`changes nothing when ${why}`, async () => {
        const store = await open()
        await fill(store, size)
        await claimed(store, { count: 2 })
        await prepare(store)
        const before = await store.snapshot()
        assert.equal(await store.substitute('r1', 'p-1', 'no sshd', LATER), null)
        assert.deepEqual(await store.snapshot(), before)
      })
    }

    it('leaves alone what the reservation does not hold', async () => {
      const store = await open()
      await fill(store, 3)
      await claimed(store)
      await claimed(store, { id: 'r2' })
      const before = await store.snapshot()
      assert.equal(await store.substitute('r1', 'p-2', 'no sshd', LATER), null)
      assert.equal(await store.substitute('nobody', 'p-1', 'no sshd', LATER), null)
      assert.deepEqual(await store.snapshot(), before)
    })
  })

  describe('activate', () => {
    it('starts the time, and notes in which generation each account is', async () => {
      const store = await open()
      await fill(store, 2)
      await store.updateContainer(await rowOf(store, 'p-2'), { generation: 4 }, NOW)
      const { reservation } = await claimed(store, { count: 2 })
      await claimed(store, { id: 'r2', pool: 'p', count: 0 })
      const active = await store.activate('r1', LATER)
      const holds = [
        { container: 'p-1', accountGeneration: 1 },
        { container: 'p-2', accountGeneration: 4 },
      ]
      assert.deepEqual(active, {
        ...reservation,
        notifiedEnd: LATER + 5 * MINUTE,
        state: 'active',
        activeAt: LATER,
        expiresAt: LATER + 5 * MINUTE,
        holds,
      })
      assert.deepEqual(await store.reservation('r1'), active)
      assert.equal((await store.reservation('r2'))?.state, 'preparing')
    })

    it('happens once, and not after the end', async () => {
      const store = await open()
      await fill(store, 2)
      await claimed(store)
      await claimed(store, { id: 'r2' })
      await store.end(['r2'], { outcome: 'released' }, NOW)
      const active = await store.activate('r1', NOW)
      for (const id of ['r1', 'r2', 'nobody']) assert.equal(await store.activate(id, LATER), null, id)
      assert.deepEqual(await store.reservation('r1'), active)
      assert.equal((await store.reservation('r2'))?.state, 'ending')
    })
  })

  describe('recordAccount', () => {
    it('notes the generation in which the account is now', async () => {
      const store = await open()
      await fill(store, 2)
      await claimed(store, { count: 2 })
      await store.activate('r1', NOW)
      const seen = await rowOf(store, 'p-1')
      await store.updateContainer(seen, { generation: 2 }, NOW)
      assert.equal(await store.recordAccount('r1', { ...seen, generation: 2 }), true)
      assert.deepEqual((await store.reservation('r1'))?.holds, [
        { container: 'p-1', accountGeneration: 2 },
        { container: 'p-2', accountGeneration: 1 },
      ])
    })

    it('does not when the container has moved on, is free, or is another one’s', async () => {
      const store = await open()
      await fill(store, 3)
      await claimed(store)
      await claimed(store, { id: 'r2' })
      await store.activate('r1', NOW)
      const [mine, theirs, free] = [await rowOf(store, 'p-1'), await rowOf(store, 'p-2'), await rowOf(store, 'p-3')]
      await store.updateContainer(mine, { generation: 2 }, NOW)
      const before = await store.snapshot()
      for (const seen of [mine, theirs, free]) assert.equal(await store.recordAccount('r1', seen), false, seen.name)
      await store.end(['r1'], { outcome: 'expired' }, NOW)
      assert.equal(await store.recordAccount('r1', { ...mine, generation: 2 }), false, 'after the end')
      assert.equal(await store.recordAccount('r1', await rowOf(store, 'p-1')), false, 'after the end, seen afresh')
      const holds = (await store.reservation('r1'))?.holds
      assert.deepEqual(holds, before.reservations.find((r) => r.id === 'r1')?.holds)
    })

    it('does not for a reservation that is over, though another one holds the container again', async () => {
      const store = await open()
      await fill(store, 1)
      await claimed(store)
      await store.end(['r1'], { outcome: 'released' }, NOW)
      await store.finish('r1', NOW)
      await store.updateContainer(await rowOf(store, 'p-1'), { state: 'ready', generation: 2 }, NOW)
      await claimed(store, { id: 'r2' })
      assert.equal(await store.recordAccount('r1', await rowOf(store, 'p-1')), false)
      assert.deepEqual((await store.reservation('r1'))?.holds, [{ container: 'p-1', accountGeneration: null }])
    })
  })
}
