/** Real managers on real Docker, whose PostgreSQL is killed, cut off or replaced by its replica. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../../lab/eventually.ts'
import { type Reserved, testManagers } from '../../lab/manager.ts'
import { type Fault, openProxy } from '../../lab/postgres/proxy.ts'
import { startPostgres } from '../../lab/postgres/server.ts'
import { effort, tried } from '../../lab/proof.ts'
import { assertKept, type Load, type Row, ROWS, startLoad } from '../support/manager/load.ts'
import { canLogIn, login } from '../support/ssh.ts'

const SIZE = 4
const KILLS = effort({ test: 1, prove: 5 })
const ROUNDS = effort({ test: 1, prove: 3 })
const TIMEOUT_MS = 2_000
/** The outcome of a COMMIT is read for three times the limit; the network has one more second for each attempt. */
const MAX_ANSWER_MS = 5 * (TIMEOUT_MS + 1_000)
/** Access ends about a second later than with a database; the rest is for a busy machine. */
const MAX_LATE_MS = 6_000

// The managers reach whatever server is the primary at one address, as in a real installation.
const primary = await startPostgres({ fsync: 'off' })
after(() => primary.stop())
const proxy = await openProxy(primary.port)
after(() => proxy.close())
const database = (await primary.createDatabase('berth')).replace(String(primary.port), String(proxy.port))
const top = { database, postgres: { timeout: `${TIMEOUT_MS / 1_000}s` }, log: 'warn' }
const managers = await testManagers('outages', 2, { size: SIZE, top })
const [first = missing()] = managers
let server = primary

before(async () => {
  await Promise.all(managers.map((manager) => manager.start()))
  await first.until('all ready', (all) => all.length === SIZE && all.every((c) => c.state === 'ready'))
})

const query = <T>(sql: string) => server.query('berth', sql) as Promise<T[]>

/** Asserts that everything answered is in the database, and that refusals name the reason. */
async function assertAsAnswered(load: Load, group: string): Promise<void> {
  assertKept(load, await query<Row>(`${ROWS} where username like '${group}-%'`))
  const { refusals } = load
  for (const { status, code, detail, retryAfter, tookMs } of refusals) {
    if (code === 'not_enough' || code === 'guest_failed') continue
    assert.deepEqual([status, code], [503, 'database_unavailable'], detail)
    assert.match(retryAfter ?? '', /^\d+$/)
    assert.match(detail, /^(the end of access could not be recorded yet: )?the database cannot be used: ./)
    assert.ok(tookMs < MAX_ANSWER_MS, `${detail}: after ${tookMs} ms`)
  }
  assert.ok(
    refusals.some(({ code }) => code === 'database_unavailable'),
    'no request was refused',
  )
}

/** Returns the milliseconds until each manager writes again, which a refusal for lack of containers shows, too. */
async function untilRecovered(): Promise<number> {
  const began = performance.now()
  const request = { username: 'probe', count: SIZE, duration: '10m' }
  await Promise.all(
    managers.map((manager) =>
      eventually(async () => {
        const { status } = await manager.send('POST', '/v1/reservations', request)
        if (status === 201) await manager.send('POST', '/v1/release-all', { username: 'probe' })
        return status !== 503
      }),
    ),
  )
  return performance.now() - began
}

describe('managers whose PostgreSQL', () => {
  it('When PostgreSQL is killed under load, requests fail with the reason; it returns, and nothing answered is lost', async (t) => {
    const load = startLoad(managers, { group: 'killed', clients: 6 })
    t.after(() => load.stop().catch(() => undefined))
    const recovered: number[] = []
    for (let kill = 0; kill < KILLS; kill += 1) {
      for (let served = 0; served <= SIZE; served += 1) await load.untilServed()
      await server.kill()
      await sleep(1_500)
      await server.start()
      recovered.push(await untilRecovered())
    }
    await load.untilServed()
    await load.stop()
    await assertAsAnswered(load, 'killed')
    tried(t, KILLS, 'kills')
    tried(t, load.answered.length, 'reservations under load')
    tried(t, Math.ceil(Math.max(...recovered)), 'milliseconds until managers write again, at most')
  })

  it('A request whose COMMIT gets no answer is carried out once, and is answered with its outcome', async (t) => {
    const all: [Fault, number][] = [
      ['lose-answer', 201],
      ['swallow', 503],
      ['lose', 503],
      ['swallow-answer', 201],
    ]
    let nth = 0
    for (const [fault, expected] of all.slice(0, effort({ test: 2, prove: 4 }))) {
      const username = `commit-${++nth}`
      const reserve = async () => {
        const body = JSON.stringify({ username, duration: '10m' })
        const headers = { 'content-type': 'application/json', 'idempotency-key': username }
        const answer = await fetch(`${first.url}/v1/reservations`, { method: 'POST', headers, body })
        return { status: answer.status, body: (await answer.json()) as { id: string; detail?: string } }
      }
      await first.untilReady()
      proxy.failNext('; commit', fault, username)
      const { status, body } = await reserve()
      assert.equal(status, expected, `${fault}: ${JSON.stringify(body)}`)
      const repeated = await reserve()
      assert.equal(repeated.status, 201, JSON.stringify(repeated.body))
      const rows = await query<Row>(`select id from reservations where username = '${username}'`)
      assert.deepEqual(rows, [{ id: repeated.body.id }], `${fault}: one reservation`)
      proxy.failNext('; commit', fault, repeated.body.id)
      const release = () => fetch(`${first.url}/v1/reservations/${repeated.body.id}`, { method: 'DELETE' })
      const released = await release()
      assert.equal(released.status, expected === 201 ? 200 : 503, `${fault}: ${await released.text()}`)
      if (released.status === 503) assert.equal((await release()).status, 200)
      const [row] = await query<Row>(`select outcome from reservations where username = '${username}'`)
      assert.equal(row?.outcome, 'released')
    }
    tried(t, 2 * nth, 'COMMITs without an answer')
  })

  const WAYS = [
    { way: 'answers nothing', begin: async () => proxy.drop(true), end: async () => proxy.drop(false) },
    { way: 'is killed', begin: () => server.kill(), end: () => server.start() },
  ].slice(0, effort({ test: 1, prove: 2 }))

  it('Access ends on time while PostgreSQL is down or does not answer, and other tenants stay logged in', async (t) => {
    await first.untilReady()
    const staying = await first.reserve({ username: 'staying', duration: 60 })
    const stays = await login(loginOf(staying))
    const late: number[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const { way, begin, end } of WAYS) {
        await first.until('one ready', (all) => all.some((c) => c.state === 'ready'))
        const leaving = await first.reserve({ username: 'leaving', duration: 60 })
        const leaves = await login(loginOf(leaving))
        const at = Date.now() + 3_500
        await query(`update reservations set expires_at = ${at} where username = 'leaving' and state = 'active'`)
        await sleep(2_000)
        await begin()
        await Promise.race([leaves.closed, sleep(10_000)])
        late.push(Date.now() - at)
        assert.ok((late.at(-1) ?? -1) >= 0, `PostgreSQL ${way}: cut off too early`)
        assert.equal(await canLogIn(loginOf(leaving)), false)
        assert.equal((await stays.exec('whoami')).stdout, 'staying')
        await end()
        const ended = "select outcome from reservations where username = 'leaving' and state = 'ended'"
        await eventually(async () => (await query<Row>(ended)).length === late.length)
        assert.ok((await query<Row>(ended)).every(({ outcome }) => outcome === 'expired'))
      }
    }
    const most = Math.max(...late)
    assert.ok(most < MAX_LATE_MS, `ended ${most} ms late`)
    assert.equal((await stays.exec('whoami')).stdout, 'staying')
    stays.close()
    await first.get('/release_all')
    tried(t, late.length, 'ends without a database')
    tried(t, most, 'milliseconds after the end, at most')
  })

  it('A synchronous replica takes over under load, and nothing answered is lost; a standby is never written to', async (t) => {
    await first.untilReady()
    const replica = await primary.startReplica('replica')
    await primary.query('postgres', "alter system set synchronous_standby_names = 'replica'")
    await primary.query('postgres', 'select pg_reload_conf()')
    const load = startLoad(managers, { group: 'moved', clients: 6 })
    t.after(() => load.stop().catch(() => undefined))
    for (let served = 0; served <= SIZE; served += 1) await load.untilServed()
    await primary.kill()
    proxy.switchTo(replica.port)
    await eventually(async () => load.refusals.some(({ detail }) => /read-only: is it a standby/.test(detail)))
    await replica.query('postgres', 'select pg_promote()')
    server = replica
    const recoveredMs = await untilRecovered()
    await load.untilServed()
    await load.stop()
    await first.until('served by the replica', (all) => all.every((c) => c.state === 'ready' || c.state === 'reserved'))
    await assertAsAnswered(load, 'moved')
    tried(t, 1, 'takeovers')
    tried(t, load.answered.length, 'reservations under load')
    tried(t, Math.ceil(recoveredMs), 'milliseconds from the promotion until managers write again')
  })

  after(async () => {
    for (const manager of managers) {
      const lines = manager.output.split('\n').filter((line) => /internal|"level":"error".*stack/.test(line))
      assert.deepEqual(lines, [], 'an outage is logged as an internal error')
    }
  })
})

function loginOf({ username, password, containers }: Reserved) {
  return { port: containers[0]?.port ?? 0, username, password }
}

function missing(): never {
  throw new Error('there are too few managers')
}
