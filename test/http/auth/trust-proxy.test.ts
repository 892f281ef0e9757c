/** The address of a client behind a proxy: believed from the proxies of `trust_proxy` alone. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { describe, it } from 'node:test'
import { listening, openApi } from '../../../lab/api.ts'
import { openTokenApi } from '../../support/http/token-api.ts'

describe('trust_proxy', () => {
  async function addressIn(trustProxy: readonly string[], remoteAddress: string, forwarded: string): Promise<string> {
    const api = await openApi({ access: () => ({ trustProxy }) })
    await api.server.inject({ url: '/available', remoteAddress, headers: { 'x-forwarded-for': forwarded } })
    const line = api.world.logged.find((entry) => entry.startsWith('GET /available ')) ?? ''
    return JSON.parse(line.slice('GET /available '.length)).address
  }

  const rows: readonly [trusted: string[], from: string, forwarded: string, address: string][] = [
    [[], '127.0.0.1', '203.0.113.7', '127.0.0.1'],
    [['loopback'], '127.0.0.1', '203.0.113.7', '203.0.113.7'],
    [['loopback'], '192.0.2.1', '203.0.113.7', '192.0.2.1'],
    [['10.0.0.0/8'], '10.1.2.3', '203.0.113.7', '203.0.113.7'],
    [['10.0.0.0/8'], '127.0.0.1', '203.0.113.7', '127.0.0.1'],
    // What the client itself has sent is before what the proxy adds.
    [['loopback'], '127.0.0.1', '198.51.100.9, 203.0.113.7', '203.0.113.7'],
    [['loopback', '10.0.0.1'], '127.0.0.1', '203.0.113.7, 10.0.0.1', '203.0.113.7'],
    [['2001:db8::/32'], '2001:db8::1', '2001:db9::7', '2001:db9::7'],
  ]
  for (const [trusted, from, forwarded, address] of rows) {
    it(`${trusted.join() || 'none'}: ${forwarded} from ${from} is ${address}`, async () => {
      assert.equal(await addressIn(trusted, from, forwarded), address)
    })
  }

  it('decides whose requests count against the rate limit', async () => {
    const api = await openTokenApi({ rateLimit: 1, trustProxy: ['loopback'] })
    const from = async (remoteAddress: string, client: string) => {
      const headers = { 'x-forwarded-for': client }
      return (await api.server.inject({ url: '/openapi.json', remoteAddress, headers })).statusCode
    }
    assert.deepEqual([await from('127.0.0.1', '192.0.2.1'), await from('127.0.0.1', '192.0.2.2')], [200, 200])
    assert.equal(await from('127.0.0.1', '192.0.2.1'), 429)
    // Spoofed by a client that is no proxy: all of these are one address.
    assert.deepEqual([await from('203.0.113.7', '192.0.2.3'), await from('203.0.113.7', '192.0.2.4')], [200, 429])
  })

  it('survives clients that hang up before they are counted', async () => {
    const api = await openTokenApi({ rateLimit: 1_000, trustProxy: ['loopback'] })
    const { address, port } = await listening(api)
    for (let nth = 0; nth < 20; nth += 1) {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => undefined)
      socket.write('GET /v1/me HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: nonsense, 1\r\n\r\n', () =>
        socket.destroy(),
      )
    }
    assert.equal((await fetch(`${address}/healthz`)).status, 200)
    assert.deepEqual(
      api.world.logged.filter((line) => line.startsWith('a request failed')),
      [],
    )
  })
})
