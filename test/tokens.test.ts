/** Tokens without a server. What a person sees of them is in e2e/tokens.test.ts. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { requireToken } from '../src/http/access/auth.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import { createToken, firstToken } from '../src/tokens.ts'
import { POOL, read } from './support/config.ts'
import { NOW } from './support/rows.ts'

const folder = mkdtempSync(join(tmpdir(), 'berth-tokens-'))
after(() => rmSync(folder, { recursive: true }))

const configOf = (name: string) => read({ database: join(folder, name), pools: { alpine: POOL } })
const clock = () => NOW

describe('the first token', () => {
  it('is made when there is none, and is an admin', async () => {
    const store = await openSqlite(':memory:')
    const text = await firstToken(store, clock)
    const { identity } = await requireToken({ store, clock, signOn: null })(`Bearer ${text}`)
    assert.deepEqual([identity.name, identity.role], ['admin', 'admin'])
    assert.equal(await firstToken(store, clock), null)
    const [event] = await store.events({ after: 0, limit: 10 })
    assert.deepEqual([event?.kind, event?.by], ['token.created', 'berth'])
    await store.close()
  })

  it('is not made anew because the others have expired', async () => {
    const config = configOf('expired.db')
    await createToken(config, { name: 'alice', expires_in: '1d' }, clock)
    const store = await openSqlite(config.database)
    assert.equal(await firstToken(store, () => NOW + 9 * 86_400_000), null)
    await store.close()
  })
})

describe('a token that is made offline', () => {
  it('is known to a manager that serves from the same database', async () => {
    const config = configOf('shared.db')
    const store = await openSqlite(config.database)
    const { text } = await createToken(config, { name: 'alice', limits: { pools: ['alpine'] } }, clock)
    const { identity } = await requireToken({ store, clock, signOn: null })(`Bearer ${text}`)
    const limits = { containers: null, durationMs: null, pools: ['alpine'] }
    assert.deepEqual(identity, { name: 'alice', role: 'user', limits })
    await store.close()
  })

  it('is made in a database that there was not, which is for its owner alone', async () => {
    const config = configOf('new.db')
    await createToken(config, { name: 'alice', role: 'admin' }, clock)
    assert.equal(statSync(config.database).mode & 0o777, 0o600)
  })

  it('is refused with everything that is wrong, before any database is touched', async () => {
    const config = configOf('refused.db')
    const wanted = { name: 'anyone', expires_in: 'soon', limits: { pools: ['debian'] } }
    await assert.rejects(
      createToken(config, wanted, clock),
      (error: { code?: string; faults?: { path: string }[] }) => {
        assert.equal(error.code, 'invalid_request')
        assert.deepEqual(
          error.faults?.map(({ path }) => path),
          ['name', 'expires_in', 'limits.pools'],
        )
        return true
      },
    )
    assert.throws(() => statSync(config.database), { code: 'ENOENT' })
  })
})
