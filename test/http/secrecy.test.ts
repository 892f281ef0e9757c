/** A password appears only in the answer to its caller. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { listening, openApi, sendRaw } from '../../lab/api.ts'
import { bearer, openTokenApi } from '../support/http/token-api.ts'

const SECRET = 'hunter2'

/** Valid and invalid ways to send a password, and the answers. */
const requests: readonly [url: string, status: number, method?: string][] = [
  [`/reserve?username=alice&password=${SECRET}`, 200],
  [`/reserve?password=${SECRET}&username=alice&count=99`, 400],
  [`/reserve?username=alice&count=10&password=${SECRET}`, 409],
  [`/reserve?username=root&password=${SECRET}`, 400],
  [`/reserve?username=alice&pass%77ord=${SECRET}`, 200],
  [`/reserve?username=alice&password=x&password=${SECRET}`, 400],
  [`/reserve?username=alice&Password=${SECRET}`, 400],
  [`/reserve?username=alice&${SECRET}`, 400],
  [`/reserve?username=${SECRET}%00`, 400],
  [`/reserve?username=alice&count=${SECRET}`, 400],
  [`/reserve?username=alice&password=${SECRET}%zz`, 400],
  [`/reserve/?username=alice&password=${SECRET}`, 200],
  [`/reserve?username=alice&password=${SECRET}`, 405, 'POST'],
  [`/reserve?username=alice&password=${SECRET}`, 405, 'HEAD'],
  [`/release_all?password=${SECRET}`, 400],
  [`/reserv?username=alice&password=${SECRET}`, 404],
  [`/reserve&username=alice&password=${SECRET}`, 404],
  [`/reserve;username=alice;password=${SECRET}`, 404],
  [`/reserve%3Fusername=alice&password=${SECRET}`, 404],
  [`/reserve/alice/${SECRET}`, 404],
  [`/v1/pools?password=${SECRET}`, 200],
  [`/v1/${SECRET}`, 404],
  [`/${SECRET}%zz`, 400],
]

describe('the log', () => {
  for (const [url, status, method = 'GET'] of requests) {
    it(`does not contain the password of ${method} ${url}`, async () => {
      const api = await openApi()
      await api.get('/reserve?username=somebody')
      const lines = api.world.logged.length
      assert.equal((await api.ask(method, url)).status, status)
      const told = api.world.logged.slice(lines)
      assert.ok(told.length > 0 || url.includes('%zz'), 'the request is not in the log at all')
      assert.ok(!api.world.logged.join().includes(SECRET), told.join('\n'))
    })
  }

  it('does not contain it when the reserve fails half way, or after an unexpected error', async () => {
    const error = new Error('disk on fire')
    const api = await openApi({ storeFaults: () => ({ when: 'before', error }) })
    for (const container of api.world.host.all()) container.state = 'exited'
    assert.equal((await api.get(`/reserve?username=alice&password=${SECRET}`)).status, 503)
    assert.equal((await api.get('/available')).status, 500)
    assert.ok(api.world.logged.some((line) => line.startsWith('a reserve failed')))
    assert.ok(api.world.logged.some((line) => line.startsWith('a request failed')))
    assert.ok(!api.world.logged.join().includes(SECRET))
  })

  it('does not contain secrets of a URL with host, user and fragment', async () => {
    const api = await openApi()
    const { port } = await listening(api)
    for (const url of [`http://a:${SECRET}@localhost/available`, `/reserve#password=${SECRET}`, `/x#${SECRET}`]) {
      await sendRaw(port, `GET ${url} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
    }
    assert.ok(api.world.logged.length >= 3)
    assert.ok(!api.world.logged.join().includes(SECRET))
  })

  it('has method, route, status and time of each request', async () => {
    const api = await openApi()
    await api.get(`/reserve?username=alice&password=${SECRET}`)
    await api.ask('POST', '/nowhere')
    const [reserve, post] = api.world.logged.slice(-2)
    assert.match(reserve ?? '', /^GET \/reserve \{"method":"GET","route":"\/reserve","status":200,"ms":[\d.]+,/)
    assert.match(post ?? '', /^POST \(no route\) \{"method":"POST","route":"\(no route\)","status":404,"ms":[\d.]+,/)
  })
})

describe('tokens', () => {
  it('are in no line of the log and no answer, valid or not, wherever they are sent', async () => {
    const api = await openTokenApi()
    const { headers, text, token } = await api.give('alice', 'user', { expiresAt: api.world.now() + 1_000 })
    const secret = text.slice(-64)
    const bodies = [
      await api.get('/v1/me', headers),
      await api.get('/reserve?username=alice', headers),
      await api.get('/release_all', headers),
      await api.get('/reserve?username=bob', bearer(text.replace('berth_', 'birth_'))),
      await api.get('/v1/me', bearer(`${text}0`)),
      await api.get('/v1/me', bearer(`berth_000000000000_${secret}`)),
      await api.get('/v1/me', { authorization: `Basic ${text}` }),
      await api.get('/v1/me', { authorization: text }),
      await api.get(`/v1/me?token=${text}`, headers),
      await api.get(`/reserve?token=${text}`, headers),
      await api.get(`/v1/${text}`, headers),
      await api.ask('DELETE', `/v1/tokens/${text}`, (await api.give('root', 'admin')).headers),
    ]
    api.world.advance(1_000)
    bodies.push(await api.get('/v1/me', headers))
    api.world.store.token = () => Promise.reject(new Error('disk on fire'))
    bodies.push(await api.get('/v1/me', headers))
    assert.deepEqual(
      bodies.map(({ status }) => status),
      [200, 200, 403, 401, 401, 401, 401, 401, 200, 400, 404, 404, 401, 500],
    )
    assert.ok(api.world.logged.filter((line) => line.startsWith('a token was refused')).length >= 6)
    const told = [...api.world.logged, ...bodies.map((body) => JSON.stringify(body))].join('\n')
    const events = JSON.stringify(await api.world.store.events({ after: 0, limit: 500 }))
    for (const part of [secret, token.hash]) assert.ok(!told.includes(part) && !events.includes(part))
  })
})

describe('the store', () => {
  it('has only the hash', async () => {
    const api = await openApi()
    await api.get(`/reserve?username=alice&password=${SECRET}`)
    const [reservation] = (await api.world.store.snapshot()).reservations
    assert.match(reservation?.passwordHash ?? '', /^\$6\$/)
    assert.ok(!(await api.everything()).includes(SECRET))
  })
})
