import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Token } from '../../src/domain/identity.ts'
import { NOW } from '../../lab/rows.ts'
import type { Open } from './store-bench.ts'

function tokenOf(some: Partial<Token> = {}): Token {
  return {
    ...{
      id: 't1',
      name: 'alice',
      role: 'user',
      hash: 'a'.repeat(64),
      createdAt: NOW,
      expiresAt: null,
      lastUsedAt: null,
    },
    limits: { containers: null, durationMs: null, pools: null },
    ...some,
  }
}

export function tokenVerbs(open: Open): void {
  describe('tokens', () => {
    it('are kept as they are, with every limit', async () => {
      const store = await open()
      const plain = tokenOf()
      const limits = { containers: 3, durationMs: 60_000, pools: ['p', `o'brien "x"`] }
      const limited = tokenOf({
        id: 't2',
        name: 'ci@lab',
        role: 'admin',
        createdAt: NOW + 1,
        expiresAt: NOW + 2,
        limits,
      })
      const none = tokenOf({ id: 't3', createdAt: NOW + 2, limits: { containers: 0, durationMs: 0, pools: [] } })
      for (const token of [limited, plain, none]) await store.addToken(token, 'root', NOW)
      assert.deepEqual(await store.token('t1'), plain)
      assert.deepEqual(await store.token('t2'), limited)
      assert.deepEqual(await store.token('t3'), none)
      assert.deepEqual(await store.tokens(), [plain, limited, none], 'oldest first')
    })

    it('of the same name are different ones', async () => {
      const store = await open()
      const [old, next] = [tokenOf(), tokenOf({ id: 't0', hash: 'b'.repeat(64) })]
      await store.addToken(old, 'root', NOW)
      await store.addToken(next, 'root', NOW)
      assert.deepEqual(await store.tokens(), [next, old], 'of the same moment by id')
      assert.equal(await store.removeToken('t1', 'root', NOW), true)
      assert.deepEqual(await store.tokens(), [next])
    })

    it('are not there before they are added, nor after they are removed', async () => {
      const store = await open()
      assert.deepEqual([await store.token('t1'), await store.tokens()], [null, []])
      assert.equal(await store.removeToken('t1', 'root', NOW), false)
      await store.addToken(tokenOf(), 'root', NOW)
      assert.equal(await store.removeToken('t1', 'root', NOW), true)
      assert.equal(await store.removeToken('t1', 'root', NOW), false)
      assert.deepEqual([await store.token('t1'), await store.tokens()], [null, []])
    })

    it('remember their latest use', async () => {
      const store = await open()
      await store.addToken(tokenOf(), 'root', NOW)
      await store.useToken('t1', NOW + 5)
      await store.useToken('t1', NOW + 3)
      await store.useToken('t9', NOW + 3)
      assert.deepEqual(await store.tokens(), [tokenOf({ lastUsedAt: NOW + 5 })])
    })

    it('have an id of their own: nobody’s token takes the place of another one', async () => {
      const store = await open()
      await store.addToken(tokenOf(), 'root', NOW)
      const last = await store.latestEvent()
      await assert.rejects(store.addToken(tokenOf({ name: 'mallory', role: 'admin' }), 'mallory', NOW))
      assert.deepEqual(await store.tokens(), [tokenOf()])
      assert.equal(await store.latestEvent(), last)
    })

    it('leave their coming and going in the audit log, and nothing of their secrets', async () => {
      const store = await open()
      await store.addToken(tokenOf({ role: 'admin' }), 'root', NOW)
      await store.removeToken('t1', 'eve', NOW + 1)
      const events = await store.events({ after: 0, limit: 9 })
      assert.deepEqual(
        events.map(({ at, kind, by, owner, detail }) => ({ at, kind, by, owner, detail })),
        [
          { at: NOW, kind: 'token.created', by: 'root', owner: null, detail: 't1: alice, admin' },
          { at: NOW + 1, kind: 'token.deleted', by: 'eve', owner: null, detail: 't1: alice, admin' },
        ],
      )
      assert.doesNotMatch(JSON.stringify(events), /aaaa/)
    })
  })
}
