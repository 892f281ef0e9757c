/** Three managers on one PostgreSQL behind haproxy: each is restarted in turn, and no client notices. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../../lab/eventually.ts'
import { type TestManager, testManagers } from '../../lab/manager.ts'
import { startPostgres } from '../../lab/postgres/server.ts'
import { type Balancer, SHIPPED, startHaproxy } from '../support/balancer/haproxy.ts'
import { latestEvent, Load } from '../support/balancer/load.ts'
import { makeCertificates } from '../support/http/certificates.ts'
import { runTool } from '../support/test-tools.ts'
import { ROOT } from '../support/text/markdown.ts'

const server = await startPostgres({ fsync: 'off' })
after(() => server.stop())
const top = { database: await server.createDatabase(), drain: '3s' }
const managers = await testManagers('rolling', 3, { size: 4, top })
const folder = mkdtempSync(join(tmpdir(), 'berth-rolling-'))
after(() => rmSync(folder, { recursive: true }))
let url = ''
let balancer: Balancer | undefined
after(() => balancer?.stop())

before(async () => {
  for (const manager of managers) await manager.start()
  await managers[0]?.untilReady()
  balancer = await startHaproxy(folder, managers)
  url = balancer.url
})

/** Waits until haproxy may send requests to it again: two checks, a second apart. */
async function serves(manager: TestManager): Promise<void> {
  await eventually(async () => (await fetch(`${manager.url}/readyz`)).status === 200)
  await sleep(2_500)
}

it('managers are restarted one after another, and no request fails, no reservation ends and no event is lost', async (t) => {
  await Promise.all(managers.map(serves))
  const body = JSON.stringify({ username: 'keeper', duration: '1h' })
  const headers = { 'content-type': 'application/json' }
  const made = await fetch(`${url}/v1/reservations`, { method: 'POST', headers, body })
  const { id } = (await made.json()) as { id: string }
  const load = new Load(url)
  const ids = await load.follow()
  load.reserve('ann')
  load.read('/v1/pools')
  for (let client = 0; client < 2; client += 1) load.change(id)

  for (const manager of managers) {
    const { changes } = load
    manager.signal('SIGTERM')
    await eventually(async () => (await fetch(`${manager.url}/readyz`)).status === 503)
    const direct = await fetch(`${manager.url}/v1/pools`)
    assert.deepEqual([direct.status, direct.headers.get('connection')], [200, 'close'])
    await direct.arrayBuffer()
    await manager.died()
    await manager.shows(/stay with the other managers$/m)
    await manager.start()
    if (manager !== managers.at(-1)) await serves(manager)
    assert.ok(load.changes > changes)
  }

  const kept = (await (await fetch(`${url}/v1/reservations/${id}`)).json()) as { state: string }
  const last = await latestEvent(url)
  await eventually(async () => (ids().at(-1) ?? 0) >= last)
  await load.stop()
  t.diagnostic(`${load.rounds} reservations, ${load.reads} reads, ${load.changes} changes, ${ids().length} events`)
  assert.deepEqual(load.failures, [])
  assert.equal(kept.state, 'active')
  const [first = 0] = ids()
  assert.deepEqual(
    ids(),
    Array.from({ length: ids().length }, (_, nth) => first + nth),
  )
})

it('when a manager is killed, reads and reserves with an Idempotency-Key are answered by another one', async () => {
  const load = new Load(url, { isRepeatable: true })
  load.reserve('ann')
  for (const path of ['/v1/pools', '/v1/containers', '/v1/events?limit=1']) load.read(path)
  for (const manager of managers.slice(0, 2)) {
    await eventually(async () => (await fetch(`${manager.url}/readyz`)).status === 200)
    await sleep(1_500)
    await manager.kill()
    const { reads } = load
    await eventually(async () => load.reads > reads + 50)
  }
  await load.stop()
  assert.deepEqual(load.failures, [])
})

it('haproxy accepts the shipped file, which the guide has, too', async () => {
  const { server: certificates } = makeCertificates(join(folder, 'ca'), '127.0.0.1')
  const pem = ['cert.pem', 'key.pem'].map((name) => readFileSync(join(certificates, name), 'utf8')).join('')
  writeFileSync(join(folder, 'site.pem'), pem)
  const file = join(folder, 'shipped.cfg')
  writeFileSync(file, SHIPPED.replace('/etc/haproxy/berth.example.org.pem', join(folder, 'site.pem')))
  const { code, output } = await runTool('haproxy', ['-c', '-f', file])
  assert.deepEqual([code, output.trim()], [0, 'Configuration file is valid'])
  assert.ok(readFileSync(join(ROOT, 'docs/guides/production.md'), 'utf8').includes(`\`\`\`haproxy\n${SHIPPED}\`\`\`\n`))
})
