/** Who shows tokens that are not good waits for the answer, ever longer; nobody else does. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createSlowing } from '../../../src/http/access/slowing.ts'
import { bearer, openGuarded } from '../../support/guarded.ts'

const BAD = bearer(`berth_${'0'.repeat(12)}_${'0'.repeat(64)}`)

describe('failed authentications', () => {
  it('are answered ever more slowly, up to some seconds', async () => {
    const api = await openGuarded()
    for (let sent = 0; sent < 8; sent += 1) assert.equal((await api.get('/v1/me', BAD)).status, 401)
    assert.deepEqual(api.pauses, [125, 250, 500, 1_000, 2_000, 4_000, 4_000, 4_000])
  })

  it('are not told before the time is over', async () => {
    const over = Promise.withResolvers<void>()
    const api = await openGuarded({ pause: () => over.promise })
    let told = false
    const answer = api.get('/v1/me', BAD).then(({ status }) => {
      told = true
      return status
    })
    assert.equal((await api.get('/v1/me', (await api.give('alice')).headers)).status, 200)
    assert.equal(told, false)
    over.resolve()
    assert.equal(await answer, 401)
  })

  it('do not slow good tokens of the same address, nor requests without any', async () => {
    const api = await openGuarded()
    const { headers } = await api.give('alice')
    for (let sent = 0; sent < 3; sent += 1) await api.get('/v1/me', BAD)
    assert.equal((await api.get('/v1/me', headers)).status, 200)
    assert.equal((await api.get('/v1/me')).status, 401)
    assert.equal((await api.get('/healthz', BAD)).status, 200)
    assert.equal(api.pauses.length, 3)
  })

  it('are forgotten after a minute without any', async () => {
    const api = await openGuarded()
    await api.get('/v1/me', BAD)
    api.world.advance(59_999)
    await api.get('/v1/me', BAD)
    api.world.advance(60_000)
    await api.get('/v1/me', BAD)
    assert.deepEqual(api.pauses, [125, 250, 125])
  })

  it('429 when too many of an address are waiting already; others wait on', async () => {
    const over = Promise.withResolvers<void>()
    const api = await openGuarded({ pause: () => over.promise })
    const waiting = Array.from({ length: 8 }, () => api.get('/v1/me', BAD))
    await new Promise((resolve) => setTimeout(resolve, 50))
    const { status, headers, text } = await api.get('/v1/me', BAD)
    assert.deepEqual({ status, code: JSON.parse(text).code }, { status: 429, code: 'rate_limited' })
    assert.equal(headers['retry-after'], '4')
    assert.equal((await api.get('/v1/me', (await api.give('alice')).headers)).status, 200)
    over.resolve()
    for (const answer of waiting) assert.equal((await answer).status, 401)
    assert.equal((await api.get('/v1/me', BAD)).status, 401)
  })

  it('are remembered of so many addresses, and no more: the one that failed longest ago is forgotten', async () => {
    const pauses: number[] = []
    const slowing = createSlowing({ clock: () => 0, pause: async (ms) => void pauses.push(ms) })
    const fail = (address: string) => slowing.failed(address)
    await fail('first')
    await fail('second')
    await fail('first')
    for (let index = 0; index < 9_999; index += 1) await fail(`address ${index}`)
    pauses.length = 0
    await fail('first')
    await fail('second')
    assert.deepEqual(pauses, [500, 125])
  })
})
