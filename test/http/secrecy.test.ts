/** A password is in the answer, since whoever asked knows it, and nowhere else. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { listening, openApi, sendRaw } from '../support/api.ts'

const SECRET = 'hunter2'

/** Right and wrong ways to send it, and what is answered. */
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
    it(`keeps ${method} ${url} to itself`, async () => {
      const api = await openApi()
      await api.get('/reserve?username=somebody')
      const lines = api.world.logged.length
      assert.equal((await api.ask(method, url)).status, status)
      const told = api.world.logged.slice(lines)
      assert.ok(told.length > 0 || url.includes('%zz'), 'the request is not in the log at all')
      assert.ok(!api.world.logged.join().includes(SECRET), told.join('\n'))
    })
  }

  it('keeps it when the reserve fails half-way, and when there is a bug', async () => {
    const error = new Error('disk on fire')
    const api = await openApi({ storeFaults: () => ({ when: 'before', error }) })
    for (const container of api.world.host.all()) container.state = 'exited'
    assert.equal((await api.get(`/reserve?username=alice&password=${SECRET}`)).status, 503)
    assert.equal((await api.get('/available')).status, 500)
    assert.ok(api.world.logged.some((line) => line.startsWith('a reserve failed')))
    assert.ok(api.world.logged.some((line) => line.startsWith('a request failed')))
    assert.ok(!api.world.logged.join().includes(SECRET))
  })

  it('keeps what is in a URL with a host, a user and a fragment', async () => {
    const api = await openApi()
    const { port } = await listening(api)
    for (const url of [`http://a:${SECRET}@localhost/available`, `/reserve#password=${SECRET}`, `/x#${SECRET}`]) {
      await sendRaw(port, `GET ${url} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
    }
    assert.ok(api.world.logged.length >= 3)
    assert.ok(!api.world.logged.join().includes(SECRET))
  })

  it('tells each request by method, route, status and time', async () => {
    const api = await openApi()
    await api.get(`/reserve?username=alice&password=${SECRET}`)
    await api.ask('POST', '/nowhere')
    const [reserve, post] = api.world.logged.slice(-2)
    assert.match(reserve ?? '', /^GET \/reserve \{"status":200,"ms":\d+\}$/)
    assert.match(post ?? '', /^POST \(no route\) \{"status":404,"ms":\d+\}$/)
  })
})

describe('the store', () => {
  it('has the hash only', async () => {
    const api = await openApi()
    await api.get(`/reserve?username=alice&password=${SECRET}`)
    const [reservation] = (await api.world.store.snapshot()).reservations
    assert.match(reservation?.passwordHash ?? '', /^\$6\$/)
    assert.ok(!(await api.everything()).includes(SECRET))
  })
})
