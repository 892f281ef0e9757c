/** The log line of each request: who asked for what, and never a secret. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Log } from '../../src/ports/log.ts'
import { openTokenApi } from '../support/http/token-api.ts'

type Line = Readonly<Record<string, unknown>> & { level: string; message: string }

function recorder(): { log: Log; lines: Line[] } {
  const lines: Line[] = []
  const at = (level: string) => (message: string, fields?: object) => void lines.push({ level, message, ...fields })
  return { log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }, lines }
}

async function opened(requestLevel: 'info' | 'debug') {
  const { log, lines } = recorder()
  const api = await openTokenApi({ log, requestLevel })
  return { api, lines, of: (route: string) => lines.filter((line) => line['route'] === route) }
}

describe('the log line of a request', () => {
  it('has method, route, status, identity, address and request id', async () => {
    const { api, of } = await opened('info')
    const { headers } = await api.give('alice')
    await api.get('/v1/reservations/secret-1?wait=0', { ...headers, 'x-request-id': 'r-7' })
    const [{ ms, ...line } = { ms: null }] = of('/v1/reservations/:id')
    assert.equal(typeof ms, 'number')
    assert.deepEqual(line, {
      ...{ level: 'info', message: 'GET /v1/reservations/:id', method: 'GET', route: '/v1/reservations/:id' },
      ...{ status: 404, identity: 'alice', role: 'user', address: '127.0.0.1', request_id: 'r-7' },
    })
  })

  it('has no identity without a valid token', async () => {
    const { api, of } = await opened('info')
    await api.get('/v1/me', { authorization: 'Bearer berth_000000000000_nonsense' })
    const [line] = of('/v1/me')
    assert.deepEqual([line?.['status'], line && 'identity' in line], [401, false])
  })

  it('is at debug for probes and scrapes', async () => {
    const { api, of } = await opened('info')
    const { headers } = await api.give('root', 'admin')
    for (const path of ['/healthz', '/readyz', '/metrics']) {
      await api.server.inject({ url: path, headers })
      assert.deepEqual(
        of(path).map(({ level }) => level),
        ['debug'],
        path,
      )
    }
  })

  it('is at debug for all requests on a terminal', async () => {
    const { api, of } = await opened('debug')
    await api.get('/available')
    assert.deepEqual(
      of('/available').map(({ level }) => level),
      ['debug'],
    )
  })

  it('shows no token, no password and no URL', async () => {
    const { api, lines } = await opened('info')
    const { headers, text } = await api.give('alice')
    await api.get('/reserve?username=alice&password=hunter2', headers)
    await api.get('/nowhere/hunter2?password=hunter2', headers)
    assert.doesNotMatch(JSON.stringify(lines), new RegExp(`hunter2|${text}`))
  })
})
