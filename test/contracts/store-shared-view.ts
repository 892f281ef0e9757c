/** What managers share besides reservations: tickets and places of terminals, counts of requests. */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import type { Ticket } from '../../src/domain/terminal/ticket.ts'
import type { Store } from '../../src/ports/store.ts'
import { RequestCounts } from '../../src/http/auth/request-counts.ts'
import { NOW } from '../../lab/rows.ts'
import { claimed, fill, MINUTE } from './store-bench.ts'

/** Makes a fresh database. Returns a function that opens the store of a manager at an address on it. */
type OpenDatabase = () => Promise<(address: string) => Promise<Store>>

const TICKET: Ticket = {
  ...{ hash: 'h1', terminal: 't1', until: NOW + 10 },
  by: { name: 'ann', role: 'user', limits: { containers: 3, durationMs: null, pools: ['p'] } },
  credential: { kind: 'session', id: 's1', expiresAt: NOW + MINUTE },
}
const LOG = { debug: () => undefined }

export function sharedViewContract(title: string, openDatabase: OpenDatabase): void {
  async function openBoth(): Promise<[Store, Store]> {
    const openAt = await openDatabase()
    const [one, other] = [await openAt('here'), await openAt('there')]
    after(() => Promise.all([one.close(), other.close()]))
    return [one, other]
  }

  describe(`what managers share: ${title}`, () => {
    it('a ticket is returned once, with all fields', async () => {
      const [one, other] = await openBoth()
      await one.addTicket(TICKET, NOW)
      const taken = await Promise.all([other, one, other].map((store) => store.takeTicket('h1')))
      assert.deepEqual(
        taken.filter((ticket) => ticket !== null),
        [TICKET],
      )
    })

    it('tickets that have expired are removed with the next one', async () => {
      const [one, other] = await openBoth()
      await one.addTicket(TICKET, NOW)
      await other.addTicket({ ...TICKET, hash: 'h2', until: NOW + 20 }, NOW + 10)
      assert.deepEqual([await one.takeTicket('h1'), (await one.takeTicket('h2'))?.hash], [null, 'h2'])
    })

    it('a terminal belongs to the manager that took it last', async () => {
      const [one, other] = await openBoth()
      await fill(one, 1)
      await claimed(one, { id: 'r1', owner: 'ann' })
      const times = { createdAt: NOW, viewedAt: NOW }
      const row = { id: 't1', reservation: 'r1', container: 'p-1', generation: 1, persistent: true, ...times }
      const managers = () => Promise.all([one.terminalManager('t1'), other.terminalManager('t1')])
      await one.addTerminal(row, 'ann', NOW)
      assert.deepEqual(await managers(), ['own', 'other'])
      assert.equal(await other.takeTerminal('t1'), true)
      assert.deepEqual(await managers(), ['other', 'own'])
      assert.deepEqual(await one.terminal('t1'), row)
      await one.removeTerminal('t1', { detail: 'closed' }, NOW)
      assert.deepEqual(await managers(), ['none', 'none'])
      assert.equal(await other.takeTerminal('t1'), false)
    })

    it('requests of a client are counted together, in a minute that begins with the first of them', async () => {
      const [one, other] = await openBoth()
      let now = NOW
      const [here, there] = [new RequestCounts(() => now), new RequestCounts(() => now)]
      const exchange = async () => {
        for (const [counts, store] of [[here, one] as const, [there, other] as const]) await counts.exchange(store, LOG)
      }
      for (let sent = 0; sent < 5; sent += 1) here.add('ann')
      here.add('bob')
      now += MINUTE / 2
      there.add('ann')
      await exchange()
      assert.deepEqual(there.add('ann'), { count: 7, endsInMs: MINUTE / 2 })
      await exchange()
      assert.equal(here.add('ann').count, 6, 'the other manager is asked only about clients that are active here')
      await exchange()
      assert.deepEqual(here.add('ann'), { count: 9, endsInMs: MINUTE / 2 })
      now += MINUTE / 2
      assert.deepEqual(there.add('ann'), { count: 1, endsInMs: MINUTE })
      await exchange()
      assert.deepEqual(here.add('ann'), { count: 1, endsInMs: MINUTE })
      assert.deepEqual(here.add('bob').count, 1)
    })

    it('counts that could not be written are written later', async () => {
      const [one, other] = await openBoth()
      const [here, there] = [new RequestCounts(() => NOW), new RequestCounts(() => NOW)]
      here.add('ann')
      await here.exchange({ addRequestCounts: () => Promise.reject(new Error('away')) }, LOG)
      await here.exchange(one, LOG)
      there.add('ann')
      await there.exchange(other, LOG)
      assert.equal(there.add('ann').count, 3)
    })
  })
}
