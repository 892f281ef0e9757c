/** What a manager must be able to rely on when it asks whether all doors have closed the connections that are over. */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '../../src/ports/store.ts'
import { AppliedChanges } from '../../src/usecases/doors/applied-changes.ts'
import { InstanceDoors } from '../../src/usecases/doors/instance-doors.ts'
import { Registration } from '../../src/usecases/gateway/registration.ts'
import { eventually } from '../../lab/eventually.ts'
import { NOW } from '../../lab/rows.ts'
import { claimed, fill, MINUTE } from './store-bench.ts'

const ENDING = { outcome: 'released', by: 'ann' } as const
/** Long enough for several readings of the doors. */
const SHORTLY_MS = 150

const beat = (at: number) => ({ version: '1.2.3', startedAt: at, seenAt: at, until: at + 3_000, clockOffset: 0 })
const gatewayUntil = (until: number) => ({ address: 'here', startedAt: NOW - MINUTE, until })
const NOTHING = { closeWhatIsOver: async () => {}, stop: () => {} }

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined)
}

/** Returns what opens a store of a process at this address, on one fresh database. */
type OpenDatabase = () => Promise<(address: string) => Promise<Store>>

export function doorsContract(title: string, openDatabase: OpenDatabase): void {
  /** A manager that ends an active reservation, and the stores of other processes. */
  async function scene(...addresses: string[]) {
    const openAt = await openDatabase()
    const store = await openAt('ending')
    const others = await Promise.all(addresses.map(openAt))
    const stop = new AbortController()
    after(async () => {
      stop.abort()
      await Promise.all([store, ...others].map((each) => each.close()))
    })
    await store.registerManager(beat(NOW))
    await fill(store, 3)
    await claimed(store, { id: 'r' })
    await store.activate('r', NOW)
    const doors = new InstanceDoors({ store, here: NOTHING, guards: () => true, pause })
    async function end(id = 'r') {
      const [ending] = await store.end([id], ENDING, NOW)
      assert.ok(ending)
      return doors.cut(ending.reservation, stop.signal).then(() => 'cut' as const)
    }
    return { store, others, end, doors, stop }
  }
  const shortly = (cut: Promise<'cut'>) => Promise.race([cut, sleep(SHORTLY_MS, 'pending')])

  describe(`doors: ${title}`, () => {
    it('have cut when the only manager has', async () => {
      const { end } = await scene()
      assert.equal(await end(), 'cut')
    })

    it('have cut when each of them has recorded a change that is new enough', async () => {
      const { store, others, end } = await scene('manager', 'gateway')
      const [manager = assert.fail(), gateway = assert.fail()] = others
      await manager.registerManager(beat(NOW))
      await gateway.renewGateway(gatewayUntil(NOW + MINUTE))
      const before = await store.latestChange()
      for (const [door, kind] of [
        [manager, 'manager'],
        [gateway, 'gateway'],
      ] as const) {
        await door.recordApplied(kind, before)
      }
      const cut = end()
      assert.equal(await shortly(cut), 'pending')
      const later = await store.latestChange()
      assert.ok(later > before)
      await gateway.recordApplied('gateway', later)
      assert.equal(await shortly(cut), 'pending')
      await manager.recordApplied('manager', later)
      assert.equal(await cut, 'cut')
    })

    it('have not cut while one does not record it, however old its row is', async () => {
      const { others, end, stop } = await scene('gateway')
      // Valid when the reservation was made, and not any more.
      await others[0]?.renewGateway(gatewayUntil(NOW))
      const cut = end()
      cut.catch(() => {})
      assert.equal(await shortly(cut), 'pending')
      stop.abort()
      await assert.rejects(cut)
    })

    it('include dead managers, and no gateway that died before the reservation was made', async () => {
      const { store, others, end } = await scene('gateway', 'manager')
      const [gateway = assert.fail(), manager = assert.fail()] = others
      await gateway.renewGateway(gatewayUntil(NOW - 1))
      assert.equal(await end(), 'cut')
      await claimed(store, { id: 's' })
      await store.activate('s', NOW)
      await manager.registerManager(beat(NOW - MINUTE))
      const cut = end('s')
      assert.equal(await shortly(cut), 'pending')
      await manager.unregisterManager()
      assert.equal(await cut, 'cut')
    })

    it('have not cut by a reading that began before the end: a gateway may have started since', async () => {
      const { store, others, stop } = await scene('gateway')
      const [gateway] = others
      assert.ok(gateway)
      let isRead = () => {}
      const answered = Promise.withResolvers<void>()
      let readings = 0
      const doors = async () => {
        readings += 1
        const found = await store.doors()
        if (readings === 1) {
          isRead()
          await answered.promise
        }
        return found
      }
      const asked = new Promise<void>((resolve) => (isRead = resolve))
      const slow = new InstanceDoors({
        store: { doors, latestChange: () => store.latestChange() },
        here: NOTHING,
        guards: () => true,
        pause,
      })
      const active = await store.reservation('r')
      assert.ok(active)
      const earlier = slow.cut(active, stop.signal)
      await asked
      await gateway.renewGateway(gatewayUntil(NOW + MINUTE))
      const [ending] = await store.end(['r'], ENDING, NOW)
      assert.ok(ending)
      const cut = slow.cut(ending.reservation, stop.signal).then(() => 'cut' as const)
      // The manager's own part takes no time.
      await sleep(SHORTLY_MS)
      answered.resolve()
      assert.equal(await shortly(cut), 'pending')
      await gateway.recordApplied('gateway', await gateway.latestChange())
      assert.equal(await cut, 'cut')
      await earlier
    })

    it('record a change only after they have closed what is over', async () => {
      const { store, others, end } = await scene('gateway')
      const [gateway = assert.fail()] = others
      await gateway.renewGateway(gatewayUntil(NOW + MINUTE))
      const closed = Promise.withResolvers<void>()
      let calls = 0
      const here = {
        async closeWhatIsOver() {
          calls += 1
          await closed.promise
        },
        stop: () => {},
      }
      const applied = new AppliedChanges({ store: gateway, kind: 'gateway', here, clock: () => NOW })
      await applied.step()
      assert.equal(calls, 0, 'nothing is ending')
      const cut = end()
      await eventually(async () => (await store.reservation('r'))?.state === 'ending')
      const step = applied.step()
      await eventually(async () => calls === 1)
      assert.equal(await shortly(cut), 'pending')
      closed.resolve()
      await step
      assert.equal(await cut, 'cut')
      applied.stop()
      assert.ok((await store.doors()).some(({ kind, appliedChange }) => kind === 'gateway' && appliedChange > 0))
    })

    it('do not record a change when they could not close what is over', async () => {
      const { store, others } = await scene('gateway')
      const [gateway = assert.fail()] = others
      await gateway.renewGateway(gatewayUntil(NOW + MINUTE))
      await store.end(['r'], ENDING, NOW)
      const here = { closeWhatIsOver: () => Promise.reject(new Error('no rows')), stop: () => {} }
      const applied = new AppliedChanges({ store: gateway, kind: 'gateway', here, clock: () => NOW })
      await applied.step()
      applied.stop()
      const own = (await gateway.doors()).find(({ isOwn }) => isOwn)
      assert.deepEqual([own?.kind, own?.appliedChange], ['gateway', 0])
    })

    it('appear and disappear without an event and without a new snapshot', async () => {
      const { store, others } = await scene('gateway')
      const [gateway = assert.fail()] = others
      const [snapshot, event] = [await store.snapshot(), await store.latestEvent()]
      await gateway.renewGateway(gatewayUntil(NOW))
      await gateway.renewGateway(gatewayUntil(NOW + 1))
      await gateway.recordApplied('gateway', 1)
      const doors = await store.doors()
      const factsOf = (wanted: 'gateway' | 'manager') => {
        const { until, appliedChange, isOwn } = doors.find(({ kind }) => kind === wanted) ?? assert.fail()
        return [until, appliedChange, isOwn]
      }
      assert.equal(doors.length, 2)
      assert.deepEqual(factsOf('gateway'), [NOW + 1, 1, false])
      assert.deepEqual(factsOf('manager'), [NOW + 3_000, 0, true])
      await gateway.removeGateway()
      assert.equal((await store.doors()).length, 1)
      assert.equal(await store.snapshot(), snapshot)
      assert.equal(await store.latestEvent(), event)
    })

    it('forget gateways that died before every open reservation was made', async () => {
      const { store, others, end } = await scene('dead', 'living')
      const [dead = assert.fail(), living = assert.fail()] = others
      await dead.renewGateway(gatewayUntil(NOW + 1))
      let now = NOW
      const deps = { store: living, clock: () => now, monotonic: () => now, address: 'there' }
      const registration = new Registration(deps)
      const gateways = async () => (await store.doors()).filter(({ kind }) => kind === 'gateway').length
      assert.equal(registration.isValid(), false)
      await registration.step()
      assert.equal(registration.isValid(), true)
      now += 4_000
      assert.equal(registration.isValid(), false)
      now += MINUTE
      await registration.step()
      assert.equal(await gateways(), 2, 'it may have connections to the reservation')
      // Its row stays, so the doors have not cut.
      void end().catch(() => {})
      await eventually(async () => (await store.reservation('r'))?.state === 'ending')
      await store.finish('r', now)
      now += MINUTE
      await registration.step()
      assert.equal(await gateways(), 1)
      await registration.leave()
      assert.equal(await gateways(), 0)
      assert.equal(registration.isValid(), false)
    })
  })
}
