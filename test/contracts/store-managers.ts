/** What several managers on one database must be able to rely on. */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { setImmediate as endOfTurn } from 'node:timers/promises'
import { stepsOf } from '../../src/domain/series/steps.ts'
import type { Store } from '../../src/ports/store.ts'
import { NOW } from '../../lab/rows.ts'
import { claimOf } from '../../lab/claims.ts'
import { claimed, fill, MINUTE } from './store-bench.ts'

const LATER = NOW + 1_000
const PREPARE_BY = NOW + 10_000
const LEASE = NOW + 20_000

/** A heartbeat that is valid for three seconds. */
const beat = (at: number) => ({ version: '1.2.3', startedAt: at, seenAt: at, until: at + 3_000, clockOffset: 0 })

/** Returns what opens a store of a manager at this address, on one fresh database. */
type OpenDatabase = () => Promise<(address: string) => Promise<Store>>

export function managersContract(title: string, openDatabase: OpenDatabase): void {
  async function openAll<const T extends readonly string[]>(...addresses: T): Promise<{ [K in keyof T]: Store }> {
    const openAt = await openDatabase()
    const stores = await Promise.all(addresses.map(openAt))
    after(() => Promise.all(stores.map((store) => store.close())))
    return stores as { [K in keyof T]: Store }
  }
  const prepareByOf = async (store: Store, id: string) => (await store.reservation(id))?.prepareBy

  describe(`several managers: ${title}`, () => {
    it('a manager that registers releases what died with the one before it at its address, and no living manager’s', async () => {
      const [dead, living, next] = await openAll('here', 'there', 'here')
      await dead.registerManager()
      await living.registerManager()
      await fill(dead, 4)
      await claimed(dead, { id: 'dead' })
      await claimed(living, { id: 'living' })
      await claimed(dead, { id: 'taken up' })
      await living.takeOverPreparation('taken up', PREPARE_BY, LEASE)
      await claimed(dead, { id: 'active' })
      await dead.activate('active', NOW)
      await next.registerManager()
      assert.equal(await prepareByOf(next, 'dead'), 0)
      assert.equal(await prepareByOf(next, 'living'), PREPARE_BY)
      assert.equal(await prepareByOf(next, 'taken up'), LEASE)
      assert.equal((await next.reservation('active'))?.state, 'active')
    })

    it('a manager that registers releases what a manager prepared that never registered, and keeps its own', async () => {
      const [unknown, store] = await openAll('here', 'there')
      await fill(store, 3)
      await claimed(unknown, { id: 'unknown' })
      await claimed(store, { id: 'own' })
      await store.claim(claimOf({ id: 'waits', count: 2, waitUntil: NOW + MINUTE }), NOW)
      await store.addContainers([{ pool: 'p', number: 4, port: 2_224 }], NOW)
      await fill(store, 4)
      assert.ok(await store.assign('waits', LEASE, NOW))
      await store.registerManager()
      assert.equal(await prepareByOf(store, 'unknown'), 0)
      assert.equal(await prepareByOf(store, 'own'), PREPARE_BY)
      assert.equal(await prepareByOf(store, 'waits'), LEASE)
    })

    it('lists the managers that renew their rows, and which of them leads', async () => {
      const [one, other, unseen] = await openAll('here', 'there', 'elsewhere')
      await one.registerManager(beat(NOW))
      await other.registerManager(beat(NOW + 1))
      await unseen.registerManager()
      await one.renewManager({ ...beat(NOW), seenAt: LATER, until: LATER + 3_000, clockOffset: -40 })
      await other.acquireLeadership(await other.leaderTerm(), NOW)
      const listed = await one.managers()
      const renewed = { ...beat(NOW), seenAt: LATER, until: LATER + 3_000, clockOffset: -40 }
      assert.deepEqual(listed, [
        { ...renewed, name: listed[0]?.name, address: 'here', leads: false, isOwn: true },
        { ...beat(NOW + 1), name: listed[1]?.name, address: 'there', leads: true, isOwn: false },
      ])
    })

    it('releases preparations of a dead manager, but none of a living manager or of one that never renews', async () => {
      const [dead, living, unseen] = await openAll('here', 'there', 'elsewhere')
      await dead.registerManager(beat(NOW))
      await living.registerManager(beat(NOW + 1))
      await unseen.registerManager()
      await fill(dead, 3)
      await claimed(dead, { id: 'dead' })
      await claimed(living, { id: 'living' })
      await claimed(unseen, { id: 'unseen' })
      const { until } = beat(NOW)
      assert.equal(await living.releasePreparations(until), false, 'not yet')
      assert.equal(await living.releasePreparations(until + 1), true)
      assert.equal(await living.releasePreparations(until + 1), false, 'once')
      assert.equal(await prepareByOf(living, 'dead'), 0)
      assert.equal(await prepareByOf(living, 'living'), PREPARE_BY)
      assert.equal(await prepareByOf(living, 'unseen'), PREPARE_BY)
    })

    it('forgets managers that have been dead for a while, and lists one that continues', async () => {
      const [dead, living] = await openAll('here', 'there')
      await dead.registerManager(beat(NOW))
      await living.registerManager(beat(NOW + MINUTE))
      await living.forgetManagers(beat(NOW).until)
      assert.equal((await living.managers()).length, 2)
      await living.forgetManagers(beat(NOW).until + 1)
      assert.deepEqual(
        (await living.managers()).map(({ address }) => address),
        ['there'],
      )
      await dead.renewManager(beat(NOW + 2 * MINUTE))
      assert.equal((await living.managers()).length, 2)
    })

    it('a manager that stops releases what it could not finish, and is not listed any more', async () => {
      const [stops, stays] = await openAll('here', 'there')
      await stops.registerManager(beat(NOW))
      await stays.registerManager(beat(NOW))
      await stops.acquireLeadership(await stops.leaderTerm(), NOW)
      await fill(stops, 2)
      await claimed(stops, { id: 'unfinished' })
      await claimed(stays, { id: 'its own' })
      await stops.unregisterManager()
      assert.equal(await prepareByOf(stays, 'unfinished'), 0)
      assert.equal(await prepareByOf(stays, 'its own'), PREPARE_BY)
      assert.equal((await stays.leaderTerm()).leader, 'none')
      assert.equal((await stays.managers()).length, 1)
    })

    it('one manager leads, and each renewal shows the others that it lives', async () => {
      const [one, other] = await openAll('here', 'there')
      const first = await one.leaderTerm()
      assert.equal(first.leader, 'none')
      assert.ok(await one.acquireLeadership(first, NOW))
      const own = await one.leaderTerm()
      assert.deepEqual(own, { leader: 'own', term: first.term + 1, renewals: first.renewals + 1, newerMigrations: [] })
      assert.deepEqual(await other.leaderTerm(), { ...own, leader: 'other' })
      assert.ok(await one.acquireLeadership(own, NOW))
      assert.deepEqual(await other.leaderTerm(), { ...own, leader: 'other', renewals: own.renewals + 1 })
    })

    it('leadership that was renewed or taken over since it was seen is not acquired', async () => {
      const [one, other] = await openAll('here', 'there')
      await one.acquireLeadership(await one.leaderTerm(), NOW)
      const [own, seen] = [await one.leaderTerm(), await other.leaderTerm()]
      await one.acquireLeadership(own, NOW)
      assert.equal(await other.acquireLeadership(seen, NOW), false, 'it was renewed')
      assert.ok(await other.acquireLeadership(await other.leaderTerm(), NOW))
      assert.equal(
        await one.acquireLeadership({ ...own, renewals: own.renewals + 2 }, NOW),
        false,
        'of an earlier term',
      )
      assert.equal((await one.leaderTerm()).leader, 'other')
      assert.equal((await one.leaderTerm()).term, own.term + 1)
    })

    it('of managers that ask at the same time one gets the leadership', async () => {
      const [one, other] = await openAll('here', 'there')
      const seen = await one.leaderTerm()
      const asked = Array.from({ length: 20 }, (_, nth) => (nth % 2 ? one : other).acquireLeadership(seen, NOW))
      assert.equal((await Promise.all(asked)).filter(Boolean).length, 1)
    })

    it('a manager releases its own leadership, and no other manager’s', async () => {
      const [one, other] = await openAll('here', 'there')
      await one.acquireLeadership(await one.leaderTerm(), NOW)
      await other.releaseLeadership()
      assert.equal((await one.leaderTerm()).leader, 'own')
      await one.releaseLeadership()
      const { leader, term } = await other.leaderTerm()
      assert.deepEqual({ leader, term }, { leader: 'none', term: 1 })
    })

    it('the leadership of a manager that died is free for the next one at its address, and for no manager elsewhere', async () => {
      const [dead, elsewhere, next] = await openAll('here', 'there', 'here')
      await dead.registerManager()
      await dead.acquireLeadership(await dead.leaderTerm(), NOW)
      await elsewhere.registerManager()
      assert.equal((await elsewhere.leaderTerm()).leader, 'other')
      await next.registerManager()
      assert.equal((await next.leaderTerm()).leader, 'none')
    })

    it('a reader never sees an event after one with a higher number', async () => {
      const [one, other, reader] = await openAll('here', 'there', 'elsewhere')
      await fill(one, 40)
      const ids: number[] = []
      let isWriting = true
      async function follow(): Promise<void> {
        for (let seen = 0; ; ) {
          const isLast = !isWriting
          // A loop without this would leave no time for the writers.
          await endOfTurn()
          const page = await reader.events({ after: seen, limit: 7 })
          ids.push(...page.map(({ id }) => id))
          seen = page.at(-1)?.id ?? seen
          if (isLast && page.length === 0) return
        }
      }
      const reading = follow()
      await Promise.all(
        Array.from({ length: 40 }, (_, nth) => (nth % 2 ? one : other).claim(claimOf({ id: `r${nth}` }), NOW)),
      )
      isWriting = false
      await reading
      assert.deepEqual(
        ids,
        (await one.events({ after: 0, limit: 1_000 })).map(({ id }) => id),
      )
    })

    it('nobody ends a preparation that the other has taken up, or finished', async () => {
      const [one, other] = await openAll('here', 'there')
      await fill(one, 1)
      await claimed(one)
      const failed = { outcome: 'failed', reason: 'no sshd', seen: { prepareBy: PREPARE_BY } } as const
      await other.takeOverPreparation('r1', PREPARE_BY, LEASE)
      assert.deepEqual(await one.end(['r1'], failed, LATER), [])
      assert.equal((await one.reservation('r1'))?.state, 'preparing')
      await other.activate('r1', LATER)
      assert.deepEqual(await one.end(['r1'], failed, LATER), [])
      assert.equal((await one.reservation('r1'))?.state, 'active')
      // The one who finished it may not have learned that it did, and have told its client that it failed.
      assert.equal((await other.end(['r1'], { ...failed, seen: { prepareBy: LEASE } }, LATER)).length, 1)
    })

    it('counts of refusals of all managers are added up', async () => {
      const [one, other] = await openAll('here', 'there')
      const refused = { at: NOW - (NOW % MINUTE), pool: 'p', code: 'not_enough', count: 2 } as const
      await Promise.all([one.addRefusals([refused]), other.addRefusals([refused]), one.addRefusals([refused])])
      const sums = await other.refusals(stepsOf(refused.at, refused.at + MINUTE, MINUTE), 'p')
      assert.deepEqual(sums, [{ step: 0, code: 'not_enough', count: 6 }])
    })

    it('whoever fails ends what is still its own', async () => {
      const [one] = await openAll('here', 'there')
      await fill(one, 1)
      await claimed(one)
      const ending = await one.end(['r1'], { outcome: 'failed', seen: { prepareBy: PREPARE_BY } }, LATER)
      assert.equal(ending[0]?.reservation.outcome, 'failed')
    })
  })
}
