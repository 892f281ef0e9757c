/** A manager serves on PostgreSQL: what it has answered is there after a restart, and after a crash of the server. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { stringify } from 'yaml'
import { loadConfig } from '../../../src/config/config.ts'
import { startManager } from '../../../src/main.ts'
import { eventually } from '../../../lab/eventually.ts'
import { startPostgres } from '../../../lab/postgres/server.ts'
import { reservePorts } from '../../../lab/ports.ts'

const server = await startPostgres()
after(() => server.stop())
const folder = mkdtempSync(join(tmpdir(), 'berth-on-postgres-'))
after(() => rmSync(folder, { recursive: true }))

async function configure(some: object = {}): Promise<(env?: NodeJS.ProcessEnv) => ReturnType<typeof startManager>> {
  const file = join(folder, 'berth.yml')
  const [port] = await reservePorts(1)
  const pools = { lab: { size: 4, ssh_ports: '3001-3004' } }
  const database = await server.createDatabase()
  const common = { auth: 'none', engine: 'memory', log: 'error', ...some }
  writeFileSync(file, stringify({ listen: `127.0.0.1:${port}`, database, ...common, pools }))
  return async (env = {}) => startManager(loadConfig({ BERTH_CONFIG: file, ...env }, file))
}

interface Answer {
  readonly id?: string
  readonly state?: string
  readonly expires_at?: string
  readonly code?: string
}

async function send(address: string, method: string, path: string, body?: object): Promise<[number, Answer]> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${address}${path}`, { method, ...(body && { headers, body: JSON.stringify(body) }) })
  const text = await answer.text()
  return [answer.status, (text === '' ? {} : JSON.parse(text)) as Answer]
}

it('starts although other writers hold the lock for longer than a request may wait', async () => {
  const start = await configure({ postgres: { timeout: '1s' } })
  const first = await start()
  await first.stop()
  const byHand = new pg.Client({
    connectionString: first.components.database.origin.replace(/^PostgreSQL /, 'postgres://postgres@'),
  })
  await byHand.connect()
  await byHand.query('begin; select pg_advisory_xact_lock(8237825268)')
  const started = start()
  await sleep(2_500)
  await byHand.query('commit')
  await byHand.end()
  await (await started).stop()
})

it('refuses to start beside managers of another instance, which would replace their containers', async () => {
  const start = await configure({ instance: 'ours' })
  const [port] = await reservePorts(1)
  const env = { BERTH_LISTEN: `127.0.0.1:${port}` }
  const first = await start()
  const served = () => first.components.store.servedInstance()
  await eventually(async () => (await served()) === 'ours')
  await assert.rejects(start({ ...env, BERTH_INSTANCE: 'theirs' }), {
    code: 'invalid_config',
    message: /serve the instance "ours", and this one is set to "theirs": set "instance" .* \(.*127\.0\.0\.1:\d+\)$/,
  })
  assert.equal((await first.components.store.managers()).length, 1)
  await (await start(env)).stop()
  await first.stop()
  // Without other managers, the operator may rename the instance.
  await (await start({ BERTH_INSTANCE: 'theirs' })).stop()
})

it('reserves, survives a restart and a crash of PostgreSQL, and releases', async () => {
  const start = await configure()
  const first = await start()
  const areReady = async ({ components }: typeof first) =>
    (await components.store.snapshot()).containers.filter(({ state }) => state === 'ready').length >= 2
  await eventually(() => areReady(first))
  const reserve = { username: 'alice', duration: '10m' }
  const [created, reservation] = await send(first.address, 'POST', '/v1/reservations', reserve)
  assert.equal(created, 201, JSON.stringify(reservation))
  await first.stop()

  const second = await start()
  after(() => second.stop())
  const path = `/v1/reservations/${reservation.id}`
  const [found, same] = await send(second.address, 'GET', path)
  assert.deepEqual([found, same.state, same.expires_at], [200, 'active', reservation.expires_at])

  await server.crash()
  const [status, problem] = await send(second.address, 'POST', '/v1/reservations', reserve)
  assert.deepEqual([status, problem.code], [503, 'database_unavailable'], JSON.stringify(problem))
  await server.start()
  await eventually(async () => (await send(second.address, 'GET', path))[1].state === 'active')
  // Containers of the engine in memory ended with the first manager: those that were free are made again.
  await eventually(async () => (await send(second.address, 'POST', '/v1/reservations', reserve))[0] === 201)
  const [released] = await send(second.address, 'DELETE', path)
  assert.ok(released >= 200 && released < 300, String(released))
  await eventually(async () => (await send(second.address, 'GET', path))[1].state === 'ended')
})
