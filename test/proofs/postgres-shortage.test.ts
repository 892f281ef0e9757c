/** A manager whose PostgreSQL has no free connection, disk space or lock, or whose pooler is killed. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { eventually } from '../../lab/eventually.ts'
import { testManager } from '../../lab/manager.ts'
import { startPostgres } from '../../lab/postgres/server.ts'
import { effort, tried } from '../../lab/proof.ts'
import { assertKept, type Row, ROWS, startLoad } from '../support/manager/load.ts'
import { startPooler } from '../support/manager/pgbouncer.ts'

const KILLS = effort({ test: 1, prove: 10 })
const TIMEOUT_MS = 1_000
/**
 * Maximum time until a reservation after the pooler has started again. Preparations that failed meanwhile must not wait
 * for their deadline, which is 40 s.
 */
const MAX_UNSERVED_MS = 10_000

const exec = promisify(execFile)
const disk = await smallDisk()
const settings = { fsync: 'off', max_connections: '24', max_wal_size: '48MB', autovacuum: 'off' }
const server = await startPostgres(settings, {}, { within: disk })
after(() => server.stop())
const pooler = await startPooler(server.port)
const name = 'berth'
const database = await server.createDatabase(name)
const top = { engine: 'memory', postgres: { timeout: `${TIMEOUT_MS / 1_000}s` }, log: 'warn' }
const manager = await testManager('shortage', { size: 20, top: { ...top, database } })
const listen = `127.0.0.1:${server.port}`
const pooled = await testManager('pooled', {
  size: 20,
  top: {
    ...top,
    database: (await server.createDatabase('pooled')).replace(String(server.port), String(pooler.port)),
    postgres: { ...top.postgres, listen },
  },
})

before(async () => {
  await Promise.all([manager.start(), pooled.start()])
  await manager.untilReady()
  await pooled.untilReady()
})

interface Answer {
  readonly status: number
  readonly tookMs: number
  readonly id: string
  readonly code?: string
  readonly detail?: string
}

let users = 0

/** Reserves a container, and releases it. */
async function reserve(target = manager): Promise<Answer> {
  const began = performance.now()
  const { status, body } = await target.send('POST', '/v1/reservations', { username: `u-${++users}`, duration: '10m' })
  const answer = { status, tookMs: performance.now() - began, ...(body as Omit<Answer, 'status' | 'tookMs'>) }
  if (status === 201) await target.send('POST', '/v1/release-all', {})
  return answer
}

async function assertRefused(reason: RegExp): Promise<void> {
  const answer = await reserve()
  assert.deepEqual([answer.status, answer.code], [503, 'database_unavailable'], JSON.stringify(answer))
  assert.match(answer.detail ?? '', reason)
  assert.ok(answer.tookMs < 3 * TIMEOUT_MS + 3_000, `after ${answer.tookMs} ms`)
}

const heals = (target = manager) => eventually(async () => (await reserve(target)).status === 201)

describe('a manager whose PostgreSQL', () => {
  it('While other programs have all connections to PostgreSQL, requests fail with that reason, and work resumes afterwards', async (t) => {
    const strangers: pg.Client[] = []
    const leave = () => Promise.all(strangers.splice(0).map((stranger) => stranger.end()))
    t.after(leave)
    const takeAll = async () => {
      for (;;) {
        const stranger = new pg.Client({ connectionString: database, application_name: 'stranger' })
        stranger.on('error', () => {})
        try {
          await stranger.connect()
        } catch {
          return
        }
        strangers.push(stranger)
      }
    }
    await takeAll()
    const [killer] = strangers
    await eventually(async () => {
      await killer?.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'berth'")
      await takeAll()
      return (await reserve()).status === 503
    })
    await assertRefused(/the server accepts no more connections; see its max_connections/)
    await eventually(async () => (await manager.get('/readyz')).status === 503)
    const connections = strangers.length
    await leave()
    await heals()
    tried(t, connections, 'connections of other programs')
  })

  it('While another program has a lock, writes fail within the limit and name it, and reads succeed', async (t) => {
    const stranger = new pg.Client({ connectionString: database, application_name: 'nightly-report' })
    await stranger.connect()
    t.after(() => stranger.end())
    const LOCKS = ['select pg_advisory_xact_lock(8237825268)', 'lock table reservations in share row exclusive mode']
    for (const lock of LOCKS) {
      await stranger.query(`begin; ${lock}`)
      await assertRefused(/for too long: process \d+ of the server \("nightly-report", idle in transaction, in a tr/)
      assert.equal((await manager.get('/v1/reservations')).status, 200)
      assert.equal((await manager.get('/v1/containers')).status, 200)
      await stranger.query('rollback')
      await heals()
    }
    tried(t, LOCKS.length, 'locks')
  })

  it('While the disk of PostgreSQL is full, requests fail with that reason, and nothing answered is lost', async (t) => {
    const ballast = join(disk, 'ballast')
    fillUp(ballast)
    const answers: Answer[] = []
    await eventually(async () => {
      for (let nth = 0; nth < 20; nth += 1) answers.push(await reserve())
      return answers.some(({ status }) => status !== 201)
    })
    await assertRefused(/the server's disk is full|ECONNREFUSED|recovery|terminated/)
    rmSync(ballast)
    if (await server.query(name, 'select 1').catch(() => null)) await heals()
    else {
      // Without room for its log, the server ends itself.
      await server.crash()
      await server.start()
      await heals()
    }
    const known = new Set((await server.query(name, 'select id from reservations')).map(({ id }) => id))
    const kept = answers.filter(({ status }) => status === 201)
    assert.ok(kept.every(({ id }) => known.has(id)))
    tried(t, kept.length, 'reservations until it was full')
  })

  it('When a pooler in transaction mode is killed under load and started again, nothing answered is lost', async (t) => {
    // The server may have been started again by the previous test.
    await heals(pooled)
    const load = startLoad([pooled], { group: 'pooled', clients: 8 })
    t.after(() => load.stop().catch(() => undefined))
    for (let kill = 0; kill < KILLS; kill += 1) {
      for (let served = 0; served < 20; served += 1) await load.untilServed()
      await pooler.kill()
      await sleep(500)
      pooler.start()
      const began = performance.now()
      await load.untilServed()
      assert.ok(performance.now() - began < MAX_UNSERVED_MS, 'failed preparations still hold their containers')
    }
    await load.stop()
    assertKept(load, (await server.query('pooled', ROWS)) as unknown as Row[])
    const codes = new Set(load.refusals.map(({ code }) => code))
    assert.ok(codes.delete('database_unavailable'), 'no request was refused')
    assert.deepEqual([...codes.difference(new Set(['not_enough']))], [])
    tried(t, load.answered.length, `reservations around ${KILLS} kills of PgBouncer`)
  })
})

/** Mounts a small disk for the server, until the tests have ended. */
async function smallDisk(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-postgres-disk-'))
  await exec('mount', ['-t', 'tmpfs', '-o', 'size=160m,mode=755', 'tmpfs', folder])
  chownSync(folder, 65_534, 65_534)
  after(async () => {
    await exec('umount', ['--lazy', folder])
    rmSync(folder, { recursive: true })
  })
  return folder
}

function fillUp(file: string): void {
  const block = Buffer.alloc(65_536)
  assert.throws(
    () => {
      for (;;) writeFileSync(file, block, { flag: 'a' })
    },
    { code: 'ENOSPC' },
  )
}
