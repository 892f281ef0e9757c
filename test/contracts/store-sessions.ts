import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Session, Token } from '../../src/domain/identity.ts'
import { NOW } from '../../lab/rows.ts'
import type { Open } from './store-bench.ts'

/** Maximum of sessions that these tests do not reach. */
const MOST = 9
const NO_LIMITS = { containers: null, durationMs: null, pools: null }
const TOKEN: Token = {
  ...{ id: 't1', name: 'alice', role: 'user', hash: 'a'.repeat(64), limits: NO_LIMITS, createdAt: NOW },
  expiresAt: null,
  lastUsedAt: null,
}

function sessionOf(some: Partial<Session> = {}): Session {
  return {
    ...{ id: 's1', name: 'alice', role: 'user', hash: 'b'.repeat(64), limits: NO_LIMITS, tokenId: 't1', issuer: null },
    ...{ createdAt: NOW, lastUsedAt: NOW, endsAt: NOW + 1_000, address: '192.0.2.7', userAgent: `it's "me"` },
    ...some,
  }
}

const ofProvider = (some: Partial<Session> = {}) =>
  sessionOf({ id: 's2', name: 'oidc:ann', tokenId: null, issuer: 'https://login.example.org', ...some })

export function sessionVerbs(open: Open): void {
  const withToken: Open = async () => {
    const store = await open()
    await store.addToken(TOKEN, 'root', NOW)
    return store
  }

  describe('sessions', () => {
    it('are stored with all fields and limits, and listed newest first', async () => {
      const store = await withToken()
      const limited = sessionOf({ limits: { containers: 3, durationMs: 60_000, pools: ['p', `o'brien "x"`] } })
      const later = ofProvider({ role: 'admin', createdAt: NOW + 1 })
      for (const session of [limited, later]) assert.equal(await store.addSession(session, MOST), true)
      assert.deepEqual([await store.session('s1'), await store.session('s2')], [limited, later])
      assert.deepEqual(await store.sessions(null), [later, limited])
      assert.deepEqual(await store.sessions('alice'), [limited])
      assert.deepEqual(await store.sessions('nobody'), [])
      assert.equal(await store.session('s3'), null)
    })

    it('are deleted with their token, not with another one', async () => {
      const store = await withToken()
      await store.addToken({ ...TOKEN, id: 't2' }, 'root', NOW)
      const other = sessionOf({ id: 's3', tokenId: 't2' })
      for (const session of [sessionOf(), ofProvider(), other]) await store.addSession(session, MOST)
      await store.removeToken('t1', 'root', NOW)
      assert.deepEqual(await store.sessions(null), [ofProvider(), other])
    })

    it('are not added if their token was deleted', async () => {
      const store = await withToken()
      await store.removeToken('t1', 'root', NOW)
      assert.equal(await store.addSession(sessionOf(), MOST), false)
      assert.deepEqual(await store.sessions(null), [])
    })

    it('are limited for each token and each person: the least recently used ones are deleted', async () => {
      const store = await withToken()
      await store.addToken({ ...TOKEN, id: 't2' }, 'root', NOW)
      const ids = async () => (await store.sessions(null)).map(({ id }) => id).toSorted()
      const others = [
        sessionOf({ id: 'other-token', tokenId: 't2' }),
        ofProvider({ id: 'ann' }),
        ofProvider({ id: 'ann-elsewhere', issuer: 'https://other.example.org' }),
        ofProvider({ id: 'ben', name: 'oidc:ben' }),
      ]
      for (const session of others) await store.addSession(session, 2)
      for (const id of ['s1', 's2']) await store.addSession(sessionOf({ id }), 2)
      await store.useSession('s1', NOW + 5)
      await store.addSession(sessionOf({ id: 's3', lastUsedAt: NOW + 6 }), 2)
      assert.deepEqual(await ids(), ['ann', 'ann-elsewhere', 'ben', 'other-token', 's1', 's3'])
      for (const id of ['ann-2', 'ann-3'])
        await store.addSession(ofProvider({ id, lastUsedAt: NOW + Number(id.at(-1)) }), 2)
      assert.deepEqual(await ids(), ['ann-2', 'ann-3', 'ann-elsewhere', 'ben', 'other-token', 's1', 's3'])
    })

    it('record their latest use', async () => {
      const store = await withToken()
      await store.addSession(sessionOf(), MOST)
      await store.useSession('s1', NOW + 5)
      await store.useSession('s1', NOW + 3)
      await store.useSession('s9', NOW + 3)
      assert.deepEqual(await store.session('s1'), sessionOf({ lastUsedAt: NOW + 5 }))
    })

    it('can be removed once', async () => {
      const store = await withToken()
      await store.addSession(sessionOf(), MOST)
      assert.deepEqual([await store.removeSession('s1'), await store.removeSession('s1')], [true, false])
      assert.equal(await store.session('s1'), null)
    })

    it('are pruned when they have ended or are idle, a few at a time', async () => {
      const store = await withToken()
      const rows = [
        sessionOf({ id: 'over', endsAt: NOW - 1 }),
        sessionOf({ id: 'idle', lastUsedAt: NOW - 101 }),
        sessionOf({ id: 'over-too', endsAt: NOW - 2 }),
        sessionOf({ id: 'fresh', endsAt: NOW, lastUsedAt: NOW - 100 }),
      ]
      for (const session of rows) await store.addSession(session, MOST)
      const gone: number[] = []
      for (let round = 0; round < 3; round += 1) gone.push(await store.pruneSessions(NOW, NOW - 100, 2))
      assert.deepEqual(gone, [2, 1, 0])
      assert.deepEqual(
        (await store.sessions(null)).map(({ id }) => id),
        ['fresh'],
      )
    })
  })
}
