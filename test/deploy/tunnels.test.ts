/** Tunnels through nginx, Caddy and haproxy with the files of deploy/, in front of a manager in memory. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import type { Reserved } from '../../src/client/client.ts'
import { listening } from '../../lab/api.ts'
import { eventually } from '../../lab/eventually.ts'
import { reservePorts } from '../../lab/ports.ts'
import { startHaproxy } from '../support/balancer/haproxy.ts'
import { startCaddy, startNginx } from '../support/deployed-proxy.ts'
import { makeCertificates } from '../support/http/certificates.ts'
import { openTokenApi } from '../support/http/token-api.ts'
import { standInForSshd, TunnelClient } from '../support/http/tunnel-client.ts'
import { testBerth } from '../support/manager/berth.ts'

const MIB = 1024 * 1024

const folder = mkdtempSync(join(tmpdir(), 'berth-tunnels-'))
after(() => rmSync(folder, { recursive: true }))
const { server: certificates } = makeCertificates(join(folder, 'ca'), '127.0.0.1')
const authority = join(folder, 'ca/ca.pem')
const api = await openTokenApi()
const { address, port: managerPort } = await listening(api)
const ann = await api.give('ann')
const server = await standInForSshd((socket) => {
  socket.write('SSH-2.0-test\r\n')
  socket.pipe(socket)
})
api.world.host.sshd = server.address

interface Proxy {
  readonly url: string
  stop(): Promise<void>
}

async function withTls(name: 'nginx' | 'caddy', start: typeof startNginx): Promise<Proxy> {
  const [httpPort = 0, httpsPort = 0] = await reservePorts(2)
  mkdirSync(join(folder, name))
  const proxy = await start({ folder: join(folder, name), certificates, httpPort, httpsPort, managerPort })
  return { url: `https://127.0.0.1:${httpsPort}`, stop: () => proxy.stop() }
}

const PROXIES: Readonly<Record<string, () => Promise<Proxy>>> = {
  nginx: () => withTls('nginx', startNginx),
  caddy: () => withTls('caddy', startCaddy),
  haproxy: () => startHaproxy(folder, [{ url: address }, { url: address }, { url: address }]),
}

/** Starts an HTTP proxy as companies have it, for CONNECT only. Returns its URL and the targets of its connections. */
async function startConnectProxy(): Promise<{ url: string; targets: string[] }> {
  const targets: string[] = []
  const proxy = createServer().listen(0, '127.0.0.1')
  proxy.on('connect', ({ url = '' }, client) => {
    targets.push(url)
    const { hostname, port } = new URL(`tcp://${url}`)
    const upstream = connect(Number(port), hostname, () => client.write('HTTP/1.1 200 OK\r\n\r\n'))
    for (const [from, to] of [
      [upstream, client],
      [client, upstream],
    ] as const) {
      from.pipe(to)
      from.on('error', () => to.destroy())
    }
  })
  await once(proxy, 'listening')
  after(() => proxy.close())
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, targets }
}

describe('tunnels', () => {
  it('go through the HTTP proxy of a company, which connects to nginx', async () => {
    const [nginx, company] = [await withTls('nginx', startNginx), await startConnectProxy()]
    const through = { NODE_USE_ENV_PROXY: '1', HTTPS_PROXY: company.url, NO_PROXY: '', NODE_EXTRA_CA_CERTS: authority }
    const berth = testBerth({ BERTH_URL: nginx.url, BERTH_TOKEN: ann.text, ...through })
    try {
      const { containers } = await berth.json<Reserved>('reserve')
      const before = company.targets.length
      assert.ok(before > 0)
      const command = berth.start('proxy', containers[0]?.name ?? '')
      command.child.stdin?.write('hello')
      await eventually(async () => command.output() === 'SSH-2.0-test\r\nhello')
      assert.deepEqual(company.targets.slice(before), [new URL(nginx.url).host])
      command.child.stdin?.end()
      assert.equal((await command.ended).code, 0)
      assert.equal((await berth.run('release', '--all')).code, 0)
      await api.world.settle()
    } finally {
      await nginx.stop()
      rmSync(join(folder, 'nginx'), { recursive: true })
    }
  })

  for (const [name, start] of Object.entries(PROXIES)) {
    it(`pass through ${name} unchanged, and end with the manager's reason`, async () => {
      const proxy = await start()
      try {
        const berth = testBerth({ BERTH_URL: proxy.url, BERTH_TOKEN: ann.text, NODE_EXTRA_CA_CERTS: authority })
        const { containers } = await berth.json<Reserved>('reserve')
        const container = containers[0]?.name ?? ''
        const ca = readFileSync(authority)
        const client = await new TunnelClient({ address: proxy.url, container, headers: ann.headers, ca }).opened()
        const sent = Buffer.from(Array.from({ length: MIB }, (_, index) => (index * 7919) % 256))
        for (let at = 0; at < MIB; at += 32_768) client.socket.send(sent.subarray(at, at + 32_768))
        await eventually(async () => client.received.length === MIB + 14)
        assert.ok(client.received.subarray(14).equals(sent))
        const command = berth.start('proxy', container)
        command.child.stdin?.write('hello')
        await eventually(async () => command.output() === 'SSH-2.0-test\r\nhello')
        assert.equal((await berth.run('release', container)).code, 0)
        const { code, reason } = await client.closed
        assert.deepEqual([code, reason.slice(0, 28)], [4410, 'The reservation was released'])
        assert.match((await command.ended).stderr, /^berth: The reservation was released/)
        await api.world.settle()
      } finally {
        await proxy.stop()
      }
    })
  }
})
