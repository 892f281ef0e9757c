/** What several managers on one database must be able to rely on. */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import type { Store } from '../../src/core/store.ts'
import { NOW } from '../support/rows.ts'
import { claimed, claimOf, fill, MINUTE } from './store-bench.ts'

const LATER = NOW + 1_000
const LEASE = NOW + 20_000
const LEAD = 10_000

/** Two stores on one database that nobody has used, under the names of two managers. */
type OpenTwo = () => Promise<readonly [Store, Store]>

export function managersContract(title: string, openFresh: OpenTwo): void {
  const open: OpenTwo = async () => {
    const both = await openFresh()
    after(() => Promise.all(both.map((store) => store.close())))
    return both
  }
  const leaseOf = async (store: Store, id: string) => (await store.reservation(id))?.prepareBy

  describe(`two managers: ${title}`, () => {
    it('what one prepared is not forgotten with what the other did', async () => {
      const [one, other] = await open()
      await fill(one, 4)
      await claimed(one, { id: 'own' })
      await claimed(other, { id: 'theirs' })
      await claimed(one, { id: 'leased' })
      await other.lease('leased', NOW + 10_000, LEASE)
      await one.claim(claimOf({ id: 'waits', count: 2, waitUntil: NOW + MINUTE }), NOW)
      await one.addContainers([{ pool: 'p', number: 5, port: 2_225 }], NOW)
      await fill(one, 5)
      assert.ok(await other.assign('waits', LEASE, NOW))
      await one.forgetPreparers(LATER)
      assert.equal(await leaseOf(one, 'own'), 0)
      assert.equal(await leaseOf(one, 'theirs'), NOW + 10_000)
      assert.equal(await leaseOf(one, 'leased'), LEASE)
      assert.equal(await leaseOf(one, 'waits'), LEASE)
      await other.forgetPreparers(LATER)
      assert.equal(await leaseOf(one, 'theirs'), 0)
    })

    it('one of them works on the containers, until it has not said so for long enough', async () => {
      const [one, other] = await open()
      assert.equal(await one.lead(LEAD, NOW), true)
      assert.equal(await other.lead(LEAD, NOW), false)
      assert.equal(await one.lead(LEAD, NOW + 5_000), true)
      assert.equal(await other.lead(LEAD, NOW + 14_999), false)
      assert.equal(await other.lead(LEAD, NOW + 15_000), true)
      assert.equal(await one.lead(LEAD, NOW + 15_000), false)
    })

    it('whoever resigns leaves it to the next, and nobody resigns for somebody else', async () => {
      const [one, other] = await open()
      await one.lead(LEAD, NOW)
      await other.resign()
      assert.equal(await other.lead(LEAD, NOW), false)
      await one.resign()
      assert.equal(await other.lead(LEAD, NOW), true)
    })

    it('a clock that was set back does not keep the work from everybody', async () => {
      const [one, other] = await open()
      await one.lead(LEAD, NOW + 60 * MINUTE)
      assert.equal(await other.lead(LEAD, NOW), true)
    })

    it('whoever asks at the same time, one gets it', async () => {
      const [one, other] = await open()
      const asked = Array.from({ length: 20 }, (_, nth) => (nth % 2 ? one : other).lead(LEAD, NOW))
      const answers = await Promise.all(asked)
      assert.equal(new Set(answers.filter((_, nth) => nth % 2)).size, 1)
      assert.equal(answers[0], !answers[1])
    })

    it('nobody ends a preparation that the other has taken up, or finished', async () => {
      const [one, other] = await open()
      await fill(one, 1)
      await claimed(one)
      const failed = { outcome: 'failed', reason: 'no sshd', seen: { prepareBy: NOW + 10_000 } } as const
      await other.lease('r1', NOW + 10_000, LEASE)
      assert.deepEqual(await one.end(['r1'], failed, LATER), [])
      assert.equal((await one.reservation('r1'))?.state, 'preparing')
      await other.activate('r1', LATER)
      assert.deepEqual(await one.end(['r1'], failed, LATER), [])
      assert.equal((await one.reservation('r1'))?.state, 'active')
      // The one who finished it may not have learned that it did, and have told its client that it failed.
      assert.equal((await other.end(['r1'], { ...failed, seen: { prepareBy: LEASE } }, LATER)).length, 1)
    })

    it('whoever fails ends what is still its own', async () => {
      const [one] = await open()
      await fill(one, 1)
      await claimed(one)
      const ending = await one.end(['r1'], { outcome: 'failed', seen: { prepareBy: NOW + 10_000 } }, LATER)
      assert.equal(ending[0]?.reservation.outcome, 'failed')
    })
  })
}
