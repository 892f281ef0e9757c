import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Terminal } from '../../src/domain/terminal/terminal.ts'
import { NOW } from '../../lab/rows.ts'
import { claimed, fill, type Open } from './store-bench.ts'

const TERMINAL: Terminal = {
  ...{ id: 't1', reservation: 'r1', container: 'p-1', generation: 1, persistent: true },
  ...{ createdAt: NOW, viewedAt: NOW },
}

export function terminalVerbs(open: Open): void {
  describe('terminals', () => {
    it('are stored with all fields, and listed by the owner of the reservation', async () => {
      const store = await open()
      await fill(store, 3)
      await claimed(store, { id: 'r1', owner: 'ann' })
      await claimed(store, { id: 'r2', owner: 'bob' })
      const plain = { ...TERMINAL, id: 't0', persistent: false, createdAt: NOW + 1 }
      const other = { ...TERMINAL, id: 't2', reservation: 'r2', container: 'p-2' }
      for (const terminal of [plain, TERMINAL, other]) await store.addTerminal(terminal, 'ann', NOW)
      assert.deepEqual(await store.terminal('t0'), plain)
      assert.deepEqual(await store.terminals('ann'), [TERMINAL, plain], 'oldest first')
      assert.deepEqual(await store.terminals('bob'), [other])
      assert.equal(await store.terminal('t9'), null)
      const byId = (one: Terminal, two: Terminal) => one.id.localeCompare(two.id)
      assert.deepEqual((await store.allTerminals()).toSorted(byId), [plain, TERMINAL, other])
    })

    it('record when they were last viewed', async () => {
      const store = await open()
      await fill(store, 1)
      await claimed(store, { id: 'r1', owner: 'ann' })
      const other = { ...TERMINAL, id: 't2' }
      for (const terminal of [TERMINAL, other]) await store.addTerminal(terminal, 'ann', NOW)
      const after = await store.latestEvent()
      await store.markViewed(['t1', 't9'], NOW + 1)
      assert.deepEqual(await store.terminals('ann'), [{ ...TERMINAL, viewedAt: NOW + 1 }, other])
      assert.equal(await store.terminal('t9'), null)
      assert.equal(await store.latestEvent(), after)
    })

    it('are removed once; adding and removing are events of the reservation', async () => {
      const store = await open()
      await fill(store, 1)
      await claimed(store, { id: 'r1', owner: 'ann' })
      const after = await store.latestEvent()
      await store.addTerminal(TERMINAL, 'ann', NOW)
      for (let time = 1; time <= 2; time += 1) await store.removeTerminal('t1', { detail: 'idle' }, NOW + 1)
      assert.equal(await store.terminal('t1'), null)
      const events = await store.events({ after, limit: 10 })
      const about = { pool: 'p', container: 'p-1', generation: 1, reservation: 'r1', owner: 'ann' }
      assert.deepEqual(
        events.map(({ id: _id, username: _username, ...event }) => event),
        [
          { at: NOW, kind: 'terminal.opened', by: 'ann', detail: null, ...about },
          { at: NOW + 1, kind: 'terminal.closed', by: 'berth', detail: 'idle', ...about },
        ],
      )
    })

    it('are deleted with their reservation', async () => {
      const store = await open()
      await fill(store, 1)
      await claimed(store, { id: 'r1', owner: 'ann' })
      await store.addTerminal(TERMINAL, 'ann', NOW)
      await store.end(['r1'], { outcome: 'released' }, NOW)
      await store.finish('r1', NOW)
      await store.prune(NOW + 1, 100)
      assert.equal(await store.terminal('t1'), null)
    })
  })
}
