/** Docker goes away, hangs, or says what makes no sense, under a running manager; then it comes back. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../../lab/eventually.ts'
import { effort, tried } from '../../lab/proof.ts'
import { openDockerProxy } from '../support/http/proxy.ts'
import { canLogIn, login, loginAndRun } from '../support/ssh.ts'
import { type Bystander, twoPools } from '../support/manager/two-pools.ts'

const proxy = await openDockerProxy(process.env['DOCKER_HOST'])
const pools = await twoPools('answers', { size: 3, address: proxy.address })
const { manager } = pools
const ROUNDS = effort({ test: 1, prove: 2 })
let bystander: Bystander

before(async () => {
  await manager.start()
  await manager.untilReady()
  bystander = await pools.holdBystander()
})
after(() => proxy.close())

/**
 * Before any deadline is over: no caller waits for an answer that will never come. A slow, busy machine took 4.5 s.
 */
const SOON = 8_000

const json = (status: string, body: string, length = body.length) =>
  `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`

/** How an engine can fail to answer. `problem` is what callers are told. */
const FAULTS = [
  { what: 'it accepts and never answers', problem: /no answer within/, begin: async () => proxy.pretend('') },
  {
    what: 'it answers 500 to everything',
    // To whichever request comes first: for a listing, a network or the firewall.
    problem: /: out of order/,
    begin: async () => proxy.pretend(json('500 Internal Server Error', '{"message":"out of order"}')),
  },
  {
    what: 'its answer is cut short and looks whole',
    problem: /Docker at unix:.*unexpected response/,
    begin: async () => proxy.pretend(json('200 OK', '[{"Id":"0123')),
  },
  {
    what: 'it hangs up in the middle of an answer',
    problem: /Docker at unix:.*(aborted|hang up|no answer within)/,
    begin: async () => proxy.pretend(json('200 OK', '[{"Id":"0123', 4_000)),
  },
  { what: 'it does not listen', problem: /connect ENOENT/, begin: () => proxy.down() },
  {
    what: 'it answers with something else',
    problem: /Docker at unix:.*unexpected response/,
    begin: async () => proxy.pretend(json('200 OK', '{"hello":"world"}')),
  },
]

async function suffer({ what, problem, begin }: (typeof FAULTS)[number]): Promise<void> {
  const staying = await pools.reserve('alice')
  const leaving = await pools.reserve('leaving')
  const open = await login(pools.loginOf(leaving))
  await begin()
  const expired = pools.expireSoon('leaving', 500)
  await untilRefused(what, problem)
  await sleep(Math.max(0, expired - Date.now()))
  assert.equal((await pools.reservation('leaving'))?.state, 'ending', `${what}: its time is up`)
  assert.equal((await loginAndRun(pools.loginOf(staying), 'whoami')).stdout, 'alice', 'who is in stays in')
  let back = Number.POSITIVE_INFINITY
  const released = pools.release('alice').then(async (status) => {
    // Docker may be back, and the kill confirmed, before the answer is given.
    if (status !== 200) return assert.equal(status, 503, `${what}: not cut off yet, and it says so`)
    assert.ok(performance.now() > back, `${what}: no access can have ended yet`)
    assert.equal(await canLogIn(pools.loginOf(staying)), false, `${what}: released, and still in`)
  })
  await eventually(async () => (await pools.reservation('alice'))?.state === 'ending')

  back = performance.now()
  await proxy.up()
  await open.closed
  await eventually(async () => (await pools.reservation('leaving'))?.state === 'ended')
  assert.ok(performance.now() - back < SOON, `${what}: cut off after ${performance.now() - back} ms`)
  assert.equal(await canLogIn(pools.loginOf(leaving)), false)
  await released
  await pools.untilReady()
  assert.equal(await canLogIn(pools.loginOf(staying)), false)
  await bystander.untouched()
}

async function untilRefused(what: string, problem: RegExp): Promise<void> {
  await eventually(async () => {
    const { status, error } = await pools.refusal()
    assert.equal(status, 503, `${what}: ${error}`)
    assert.match(error, problem, what)
    return true
  })
  // A reserve may be the first to notice; the look that follows it is what counts here.
  await eventually(async () => (await manager.get('/readyz')).status === 503)
  for (const path of ['/available', '/reservations', '/v1/pools', '/v1/containers', '/healthz']) {
    const began = performance.now()
    assert.equal((await manager.get(path)).status, 200, `${what}: ${path}`)
    assert.ok(performance.now() - began < 1_000, `${what}: ${path} answers at once`)
  }
}

test('When Docker answers wrongly or not at all, reads work, a reserve fails with the reason, tenants stay logged in, and work resumes afterwards', async (t) => {
  const cases = effort({ test: 3, prove: 2 * FAULTS.length })
  for (let index = 0; index < cases; index += 1) {
    const fault = FAULTS[index % FAULTS.length]
    if (fault) await suffer(fault)
  }
  await pools.soundly()
  tried(t, cases, 'times that an engine did not answer')
})

test('While Docker takes requests and its answers are lost, a reserve fails in bounded time, and nothing stays taken', async (t) => {
  for (let round = 0; round < ROUNDS; round += 1) {
    await pools.untilReady()
    proxy.mute()
    const began = performance.now()
    const { status } = await pools.refusal('erin')
    assert.equal(status, 503)
    assert.ok(performance.now() - began < 30_000, `${performance.now() - began} ms`)
    assert.equal((await manager.get('/available')).status, 200)
    await proxy.down()
    await proxy.up()
    await eventually(async () => (await manager.get<{ status: string }>('/readyz')).status === 200)
    await pools.untilReady()
    assert.deepEqual(
      (await manager.get<{ reservations: { username: string }[] }>('/reservations')).body.reservations.map(
        (r) => r.username,
      ),
      ['bystander'],
    )
    await bystander.untouched()
  }
  await pools.soundly()
  tried(t, ROUNDS, 'reserves whose answers were lost')
})

test("When Docker's stream of events is cut, changes are noticed all the same", async (t) => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const name = pools.place(1)
    const { generation } = await pools.container(name)
    proxy.cut()
    await pools.docker('rm', '--force', name)
    await manager.until('noticed', (all) => all.some((c) => c.name === name && c.generation > generation), 10_000)
    await pools.untilReady()
  }
  await bystander.untouched()
  tried(t, ROUNDS, 'streams cut')
})

test('A manager that starts while Docker is away serves what it knows, and fills its pools later', async (t) => {
  await manager.kill()
  await proxy.down()
  await manager.start()
  assert.equal((await manager.get('/available')).status, 200)
  assert.equal((await manager.get('/readyz')).status, 503)
  await proxy.up()
  await eventually(async () => (await manager.get('/readyz')).status === 200)
  await pools.untilReady()
  await bystander.untouched()
  await pools.soundly()
  tried(t, 1, 'starts')
})
