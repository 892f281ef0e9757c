import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pool } from '../../../lab/rows.ts'
import { ALPINE, openApi } from '../../../lab/api.ts'

// Not UTC, and not a whole number of hours: a time that is not local stands out.
process.env['TZ'] = 'Asia/Kathmandu'

const MINUTE = 60_000
const names = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => `alpine-${first + index}`)

describe('GET /available', () => {
  it('lists ready and reserved containers, 2 before 10', async () => {
    const api = await openApi({ pools: [pool({ name: 'alpine', size: 12 })] })
    assert.equal((await api.get('/available')).text, JSON.stringify({ available: names(1, 12), reserved: [] }))
    await api.get('/reserve?username=alice&count=11')
    assert.equal(
      (await api.get('/available')).text,
      JSON.stringify({ available: names(12, 12), reserved: names(1, 11) }),
    )
  })

  it('leaves out containers that are being prepared or replaced', async () => {
    const api = await openApi()
    const open = api.world.accounts.createAccounts.bind(api.world.accounts)
    const during: string[] = []
    api.world.accounts.createAccounts = async (...args) => {
      during.push((await api.get('/available')).text)
      return open(...args)
    }
    await api.get('/reserve?username=alice&count=2')
    await api.get('/release_all')
    const without = JSON.stringify({ available: names(3, 10), reserved: [] })
    assert.deepEqual(during, [without])
    assert.equal((await api.get('/available')).text, without)
    await api.world.settle()
    assert.equal((await api.get('/available')).text, JSON.stringify({ available: names(1, 10), reserved: [] }))
  })

  it('does not list an expired reservation, even before the expiry loop has run', async () => {
    const api = await openApi()
    await api.get('/reserve?username=alice&duration=1')
    api.world.advance(MINUTE - 1)
    assert.deepEqual(JSON.parse((await api.get('/available')).text).reserved, ['alpine-1'])
    api.world.advance(1)
    assert.deepEqual(JSON.parse((await api.get('/available')).text), { available: names(2, 10), reserved: [] })
  })
})

describe('GET /reservations', () => {
  it('is empty when nothing is reserved', async () => {
    const api = await openApi()
    assert.equal((await api.get('/reservations')).text, '{"reservations":[]}')
  })

  it('has a row for each container, in natural order, in local time', async () => {
    const api = await openApi({ pools: [ALPINE, pool({ name: 'a', size: 1, ports: [3000] })] })
    assert.equal(new Date(api.world.now()).toISOString(), '2027-01-15T08:00:00.000Z')
    await api.get('/reserve?username=alice&count=2')
    api.world.advance(1.5 * MINUTE)
    await api.get('/reserve?username=bob&duration=1.5&pool=a')
    await api.get('/reserve?username=carol&duration=1440')
    const row = (username: string, container: string, expiration_time: string, minutes: string) => {
      return { username, container, expiration_time, time_remaining: `${minutes} minutes remaining` }
    }
    const reservations = [
      row('bob', 'a-1', '2027-01-15 13:48:00', '1.5'),
      row('alice', 'alpine-1', '2027-01-15 14:45:00', '58.5'),
      row('alice', 'alpine-2', '2027-01-15 14:45:00', '58.5'),
      row('carol', 'alpine-3', '2027-01-16 13:46:30', '1440.0'),
    ]
    assert.equal((await api.get('/reservations')).text, JSON.stringify({ reservations }))
  })

  it('leaves out an expired reservation, even before the expiry loop has run', async () => {
    const api = await openApi()
    await api.get('/reserve?username=alice&duration=1')
    api.world.advance(MINUTE - 1)
    assert.match((await api.get('/reservations')).text, /"time_remaining":"0\.0 minutes remaining"/)
    api.world.advance(1)
    assert.equal((await api.get('/reservations')).text, '{"reservations":[]}')
  })
})

describe('GET /release_all', () => {
  const RELEASED = '{"status":"success","message":"All containers released"}'

  it('answers when no login is possible any more', async () => {
    const api = await openApi()
    await api.get('/reserve?username=alice&count=2')
    await api.get('/reserve?username=bob')
    assert.equal(api.world.logins().length, 3)
    const { status, text } = await api.get('/release_all')
    assert.deepEqual({ status, text }, { status: 200, text: RELEASED })
    assert.deepEqual(api.world.logins(), [])
    assert.equal((await api.get('/reservations')).text, '{"reservations":[]}')
    await api.world.settle()
    assert.ok((await api.world.states()).every((row) => row.includes('ready')))
  })

  it('answers the same when there is nothing to release', async () => {
    const api = await openApi()
    const before = await api.everything()
    assert.equal((await api.get('/release_all')).text, RELEASED)
    assert.equal(await api.everything(), before)
  })
})
