/** nginx and Caddy with the files of deploy/, over TLS with an authority of its own, in front of a real manager. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import { testManager } from '../../lab/manager.ts'
import { reservePorts } from '../../lab/ports.ts'
import { type DeployedProxy, startCaddy, startNginx } from '../support/deployed-proxy.ts'
import { makeCertificates } from '../support/http/certificates.ts'
import { openRecordingProxy } from '../support/http/recording-proxy.ts'
import { TerminalViewer } from '../support/http/terminal-client.ts'
import { testBerth } from '../support/manager/berth.ts'

const PROXIES = { nginx: startNginx, caddy: startCaddy }
/** Maximum time for an event. Shorter than the heartbeat's interval: a proxy that buffers would send it with that. */
const EVENT_MS = 12_000
const ANSWER_MS = 30_000

const manager = await testManager('proxies', { size: 1, top: { engine: 'memory', auth: 'tokens' } })
const folder = mkdtempSync(join(tmpdir(), 'berth-proxies-'))
after(() => rmSync(folder, { recursive: true }))
const { server: certificates } = makeCertificates(join(folder, 'ca'), '127.0.0.1')
const authority = join(folder, 'ca/ca.pem')
const ca = readFileSync(authority)

before(async () => {
  await manager.startWithToken()
  await manager.untilReady()
})

interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

for (const [name, start] of Object.entries(PROXIES)) {
  describe(`${name} in front of a manager`, async () => {
    const [httpPort = 0, httpsPort = 0, managerPort = 0] = await reservePorts(3)
    const url = `https://127.0.0.1:${httpsPort}`
    const files = join(folder, name)
    mkdirSync(files)
    let proxy: DeployedProxy | undefined
    const recording = await openRecordingProxy(managerPort, manager.url)
    before(async () => {
      proxy = await start({ folder: files, certificates, httpPort, httpsPort, managerPort })
    })
    after(() => proxy?.stop())

    // A failed test may leave the only container reserved.
    afterEach(async () => {
      await manager.get('/release_all')
      await manager.untilReady()
    })

    /** Sends a request. Returns its answer when the headers have arrived. */
    async function open(method: string, path: string, headers: object = {}, body?: object): Promise<IncomingMessage> {
      const sent = request(url + path, {
        method,
        ca,
        signal: AbortSignal.timeout(ANSWER_MS),
        headers: {
          authorization: `Bearer ${manager.token}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
      })
      sent.end(body === undefined ? undefined : JSON.stringify(body))
      const [answer] = (await once(sent, 'response')) as [IncomingMessage]
      return answer.setEncoding('utf8')
    }

    async function ask(...args: Parameters<typeof open>): Promise<Answer> {
      const answer = await open(...args)
      let text = ''
      for await (const chunk of answer) text += chunk
      return { status: answer.statusCode, headers: answer.headers, text }
    }

    const reserve = async (more: object = {}): Promise<string> => {
      const { status, text } = await ask('POST', '/v1/reservations', {}, more)
      assert.ok(status === 201 || status === 202, text)
      return (JSON.parse(text) as { id: string }).id
    }

    it('reserves, and passes on the addresses of client and manager', async () => {
      const { status, headers, text } = await ask('POST', '/v1/reservations', { 'x-forwarded-for': '203.0.113.9' }, {})
      assert.equal(status, 201, text)
      const { id } = JSON.parse(text) as { id: string }
      assert.equal(headers.location, `/v1/reservations/${id}`)
      const { host, 'x-forwarded-for': client, 'x-forwarded-proto': scheme } = recording.headers()
      // The address that the client has claimed is gone.
      assert.deepEqual([host, client, scheme], [`127.0.0.1:${httpsPort}`, '127.0.0.1', 'https'])
    })

    it('sends events at once', async () => {
      const stream = await open('GET', '/v1/events', { accept: 'text/event-stream' })
      assert.equal(stream.statusCode, 200)
      let received = ''
      stream.on('data', (chunk: string) => {
        received += chunk
      })
      const id = await reserve()
      while (!received.includes(id)) await once(stream, 'data', { signal: AbortSignal.timeout(EVENT_MS) })
      stream.destroy()
    })

    it('passes on terminals', async () => {
      await reserve()
      const made = await ask('POST', `/v1/containers/${manager.pool}-1/terminals`, {}, { cols: 80, rows: 24 })
      assert.equal(made.status, 201, made.text)
      const viewer = new TerminalViewer({ address: url, ca, ...JSON.parse(made.text) })
      await viewer.attached()
      await viewer.run('stty size', /\n24 80\r/)
      await manager.get('/release_all')
      const { code, reason } = await viewer.closed
      assert.deepEqual([code, reason.slice(0, 28)], [4410, 'The reservation was released'])
    })

    it('passes on ETag and 304', async () => {
      const { headers } = await ask('GET', '/v1/pools')
      const { etag } = headers
      assert.ok(etag)
      const again = await ask('GET', '/v1/pools', { 'if-none-match': etag })
      assert.deepEqual([again.status, again.text], [304, ''])
    })

    it('lets a request wait for its reservation', async () => {
      const first = await reserve()
      const second = await reserve({ wait: '5m' })
      const waiting = ask('GET', `/v1/reservations/${second}?wait=25`)
      await ask('DELETE', `/v1/reservations/${first}`)
      const { status, text } = await waiting
      assert.equal(status, 200)
      assert.match(text, /"state":"active"/)
    })

    it('serves the command, which says what to do about an unknown authority', async () => {
      const berth = testBerth({ BERTH_URL: url, BERTH_TOKEN: manager.token ?? '' })
      const refused = await berth.run('pools')
      assert.equal(refused.code, 5)
      assert.equal(
        refused.stderr,
        `berth: ${url} has a certificate of an authority that this machine does not trust\n` +
          '  NODE_EXTRA_CA_CERTS=FILE trusts the authority whose certificate (PEM) is in FILE\n',
      )
      const served = await berth.runWith({ env: { NODE_EXTRA_CA_CERTS: authority } }, 'pools')
      assert.equal(served.code, 0, served.stderr)
      assert.match(served.stdout, new RegExp(manager.pool))
    })

    it('does not redirect a token that was sent unencrypted', async () => {
      const plain = (path: string) => fetch(`http://127.0.0.1:${httpPort}${path}`, { redirect: 'manual' })
      assert.deepEqual([(await plain('/')).status, (await plain('/v1/pools')).status], [308, 403])
    })

    it('writes no query into a log, also when the manager is down', async () => {
      const secret = '/reserve?username=alice&password=open-sesame&count=9'
      assert.equal((await ask('GET', secret)).status, 400)
      await recording.close()
      assert.equal((await ask('GET', secret)).status, 502)
      // The logs are complete when the proxy has ended.
      assert.ok(proxy)
      await proxy.stop()
      const logs = readdirSync(files).filter((file) => file.endsWith('.log'))
      const written = [proxy.output(), ...logs.map((file) => readFileSync(join(files, file), 'utf8'))].join('\n')
      assert.doesNotMatch(written, /sesame|berth_[0-9a-f]{8}/)
    })
  })
}
