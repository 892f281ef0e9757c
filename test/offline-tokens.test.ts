/** Tokens without a server. What a person sees of them is in e2e/tokens.test.ts. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { createTokenCheck } from '../src/usecases/sessions/token-check.ts'
import { openSqlite } from '../src/store/sqlite/open.ts'
import { offlineTokens } from '../src/offline-tokens.ts'
import { createTokens } from '../src/usecases/tokens.ts'
import type { TokenRequest } from '../src/usecases/token-rules.ts'
import type { Store } from '../src/ports/store.ts'
import { POOL, read } from './support/config.ts'
import { NOW } from '../lab/rows.ts'

const folder = mkdtempSync(join(tmpdir(), 'berth-tokens-'))
after(() => rmSync(folder, { recursive: true }))

const configOf = (name: string) => read({ database: join(folder, name), pools: { alpine: POOL } })
const clock = () => NOW
const log = { warn: (message: string) => assert.fail(message) }
const firstToken = (store: Store, at: () => number, options?: { readonly hasOtherAdmins?: boolean }) =>
  createTokens({ poolNames: () => [], clock: at, withStore: (use) => use(store) }).createFirstAdmin(options)

describe('the first token', () => {
  it('is made when there is none, and is an admin', async () => {
    const store = await openSqlite(':memory:')
    const text = await firstToken(store, clock)
    const identity = await createTokenCheck({ store, clock, log })(text ?? '')
    assert.deepEqual([identity.name, identity.role], ['admin', 'admin'])
    assert.equal(await firstToken(store, clock), null)
    const [event] = await store.events({ after: 0, limit: 10 })
    assert.deepEqual([event?.kind, event?.by], ['token.created', 'berth'])
    await store.close()
  })

  const LATER = () => NOW + 9 * 86_400_000
  const rows: readonly [what: string, wanted: readonly TokenRequest[]][] = [
    ['those of users are all that there are', [{ name: 'alice' }]],
    ['the admins\u2019 have expired', [{ name: 'admin', role: 'admin', expires_in: '1d' }, { name: 'alice' }]],
  ]
  for (const [what, wanted] of rows) {
    it(`is made again when ${what}, once`, async () => {
      const config = configOf(`${what.length}.db`)
      for (const each of wanted) await offlineTokens(config, clock).create(each)
      const store = await openSqlite(config.database)
      assert.equal(await firstToken(store, LATER, { hasOtherAdmins: true }), null, 'the identity provider knows admins')
      const text = await firstToken(store, LATER)
      const identity = await createTokenCheck({ store, clock: LATER, log })(text ?? '')
      assert.equal(identity.role, 'admin')
      assert.equal(await firstToken(store, LATER), null)
      await store.close()
    })
  }

  it('is not made while an admin has a valid one, or others may be admins and there is any', async () => {
    const config = configOf('valid.db')
    await offlineTokens(config, clock).create({ name: 'root', role: 'admin', expires_in: '1d' })
    const store = await openSqlite(config.database)
    assert.equal(await firstToken(store, clock), null)
    const [token] = await store.tokens()
    await store.removeToken(token?.id ?? '', 'root', NOW)
    assert.notEqual(await firstToken(store, clock, { hasOtherAdmins: true }), null)
    await store.close()
  })
})

describe('a token that is made offline', () => {
  it('is known to a manager that serves from the same database', async () => {
    const config = configOf('shared.db')
    const store = await openSqlite(config.database)
    const { token } = await offlineTokens(config, clock).create({ name: 'alice', limits: { pools: ['alpine'] } })
    const { name, role, limits } = await createTokenCheck({ store, clock, log })(token ?? '')
    const expected = { containers: null, durationMs: null, pools: ['alpine'] }
    assert.deepEqual({ name, role, limits }, { name: 'alice', role: 'user', limits: expected })
    await store.close()
  })

  it('is made in a database that there was not, which is for its owner alone', async () => {
    const config = configOf('new.db')
    await offlineTokens(config, clock).create({ name: 'alice', role: 'admin' })
    assert.equal(statSync(config.database).mode & 0o777, 0o600)
  })

  it('is refused with everything that is wrong, before any database is touched', async () => {
    const config = configOf('refused.db')
    const wanted = { name: 'anyone', expires_in: 'soon', limits: { pools: ['debian'] } }
    await assert.rejects(
      offlineTokens(config, clock).create(wanted),
      (error: { code?: string; violations?: { path: string }[] }) => {
        assert.equal(error.code, 'invalid_request')
        assert.deepEqual(
          error.violations?.map(({ path }) => path),
          ['name', 'expires_in', 'limits.pools'],
        )
        return true
      },
    )
    assert.throws(() => statSync(config.database), { code: 'ENOENT' })
  })
})
