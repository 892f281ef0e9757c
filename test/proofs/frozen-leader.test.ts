/** Two managers on PostgreSQL and real Docker under load: the leader is frozen, replaced, and continues later. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { docker } from '../../lab/docker.ts'
import { eventually } from '../../lab/eventually.ts'
import { type Reserved, type TestManager, testManagers } from '../../lab/manager.ts'
import { startPostgres } from '../../lab/postgres/server.ts'
import { effort, tried } from '../../lab/proof.ts'
import { testBerth } from '../support/manager/berth.ts'
import { canLogIn, loginAndRun } from '../support/ssh.ts'
import { LINES, type Line, replayOf, type Wait, WAITS } from '../support/world/replay.ts'

const SIZE = 8
const ROUNDS = effort({ test: 1, prove: 4 })
/** Longer than a lease, and than it takes until another manager leads. */
const FROZEN_MS = effort({ test: 15_000, prove: 60_000 })
/** Time in which the former leader may still do harm after it continues. */
const AFTERWARDS_MS = effort({ test: 3_000, prove: 15_000 })
/** On an idle machine about ten seconds. */
const MAX_TAKE_OVER_MS = 30_000
/** On an idle machine at most five seconds. */
const MAX_TAKE_UP_MS = 20_000
/** On an idle machine some milliseconds. The frozen manager would be later, as it goes on only then. */
const MAX_LATE_MS = 5_000

const server = await startPostgres({ fsync: 'off' })
after(() => server.stop())
const database = await server.createDatabase('frozen')
const managers = await testManagers('frozen', 2, { size: SIZE, top: { database, rate_limit: 0 } })
const berth = testBerth({ BERTH_CONFIG: join(managers[0]?.folder ?? '', 'berth.yml') })

interface Listed {
  readonly name: string
  readonly leader: boolean
  readonly self: boolean
  readonly alive: boolean
}

const listedBy = async (manager: TestManager) =>
  (await manager.get<{ managers: Listed[] }>('/v1/managers')).body.managers
const leads = async (manager: TestManager) => (await listedBy(manager)).some(({ self, leader }) => self && leader)

async function believesToLead({ url }: TestManager): Promise<boolean> {
  return /^berth_leader 1$/m.test(await (await fetch(`${url}/metrics`)).text())
}

before(async () => {
  for (const manager of managers) await manager.start()
  await managers[0]?.untilReady()
})

async function roles(): Promise<{ leader: TestManager; other: TestManager }> {
  const [one, two] = managers
  assert.ok(one && two)
  return (await leads(one)) ? { leader: one, other: two } : { leader: two, other: one }
}

const loginOf = ({ containers, username, password }: Reserved) => ({
  port: containers[0]?.port ?? 0,
  username,
  password,
})

/** What must not change while a container is held: the container, its run, and its accounts. */
async function stateOf({ containers }: Reserved): Promise<string> {
  const name = containers[0]?.container ?? ''
  const run = await docker('inspect', '--format', '{{.Id}} {{.State.StartedAt}} {{.State.Status}}', name)
  return `${run} ${await docker('exec', name, 'stat', '-c', '%Y %Z %i', '/etc/passwd', '/etc/shadow')}`
}

/** Reserves, holds for a moment, and releases, through the managers that answer. */
class Load {
  readonly faults: string[] = []
  reservations = 0
  through: readonly TestManager[] = managers
  #stopped = false
  readonly #clients: readonly Promise<void>[]

  constructor(clients: number) {
    this.#clients = Array.from({ length: clients }, (_, nth) => this.#run(`client${nth}`))
  }

  end(): void {
    this.#stopped = true
  }

  async stop(): Promise<void> {
    this.end()
    await Promise.all(this.#clients)
  }

  async #run(username: string): Promise<void> {
    for (let nth = 0; !this.#stopped; nth += 1) {
      const manager = this.through[nth % this.through.length]
      assert.ok(manager)
      await this.#reserveOnce(manager, username).catch((error: unknown) => {
        // A request that the frozen manager has accepted is answered when the manager continues.
        if (this.through.includes(manager)) this.faults.push(String(error))
      })
    }
  }

  async #reserveOnce(manager: TestManager, username: string): Promise<void> {
    const { status, body } = await manager.get<Reserved>(`/reserve?username=${username}&duration=60`)
    if (status !== 200) {
      assert.match(JSON.stringify(body), /available|not enough|ready/i)
      return sleep(200)
    }
    const first = await stateOf(body)
    await sleep(300 + 1_200 * Math.random())
    if (!this.through.includes(manager)) return
    const now = await stateOf(body)
    if (now !== first) this.faults.push(`${body.containers[0]?.container}: ${first} became ${now}`)
    this.reservations += 1
    await this.through[0]?.send('POST', '/v1/release-all', { username })
  }
}

/** Moments at which the leader is frozen. */
const MOMENTS: readonly ((held: Reserved) => Promise<void>)[] = [
  // While it makes containers again that were released.
  async () => sleep(400 * Math.random()),
  // While it replaces a container under its reservation.
  async ({ containers }) => {
    await docker('rm', '--force', containers[0]?.container ?? '')
    await sleep(1_500 * Math.random())
  },
]

/** Asserts the end of a reservation whose keepalive ran out while the leader was frozen. */
async function assertAbandonedOnTime(id: string): Promise<void> {
  const where = `where id = '${id}'`
  const [row] = await server.query(
    'frozen',
    `select outcome, ended_at - alive_until as late from reservations ${where}`,
  )
  assert.equal(row?.['outcome'], 'abandoned')
  const late = Number(row['late'])
  assert.ok(late >= 0 && late < MAX_LATE_MS, `it ended ${late} ms late`)
}

it('A leader that is frozen is replaced within seconds, and changes nothing that others hold when it continues', async (t) => {
  let reservations = 0
  let slowest = 0
  for (let round = 0; round < ROUNDS; round += 1) {
    const { leader, other } = await roles()
    const kept = await leader.reserve({ username: 'kept', duration: 60 })
    const lost = await other.reserve({ username: 'lost', duration: 60 })
    const brief = await leader.send('POST', '/v1/reservations', { username: 'brief', duration: '1h', keepalive: '10s' })
    assert.equal(brief.status, 201, JSON.stringify(brief))
    const state = await stateOf(kept)
    const load = new Load(2)
    t.after(() => load.end())
    await sleep(1_000)
    await MOMENTS[round % MOMENTS.length]?.(lost)

    t.after(() => leader.signal('SIGCONT'))
    leader.signal('SIGSTOP')
    const frozenAt = performance.now()
    load.through = [other]
    while (!(await leads(other))) {
      assert.ok(performance.now() - frozenAt < MAX_TAKE_OVER_MS, 'no other manager has taken over')
      await sleep(100)
    }
    slowest = Math.max(slowest, performance.now() - frozenAt)
    // What is held from now on.
    const began = await other.reserve({ username: 'began', duration: 60 }).catch(() => null)
    const beganState = began && (await stateOf(began))
    await sleep(Math.max(0, FROZEN_MS - (performance.now() - frozenAt)))

    leader.signal('SIGCONT')
    load.through = [other]
    await eventually(async () => (await listedBy(leader)).every(({ alive }) => alive))
    load.through = managers
    await sleep(AFTERWARDS_MS)
    // What each believes, and not what the row says.
    assert.deepEqual([await believesToLead(leader), await believesToLead(other)], [false, true])
    await load.stop()
    assert.deepEqual(load.faults, [])
    reservations += load.reservations

    assert.equal(await stateOf(kept), state)
    assert.equal((await loginAndRun(loginOf(kept), 'whoami')).stdout, 'kept')
    if (began) assert.equal(await stateOf(began), beganState)
    await eventually(() => canLogIn(loginOf(lost)))
    await assertAbandonedOnTime((brief.body as { id: string }).id)
    for (const username of ['kept', 'lost', 'began']) await other.send('POST', '/v1/release-all', { username })
  }
  await managers[0]?.untilReady()
  const rows = async <T>(sql: string) => (await server.query('frozen', sql)) as T[]
  const replayed = replayOf(await rows<Wait>(WAITS), await rows<Line>(LINES))
  assert.deepEqual(replayed.faults, [])
  const doctor = await berth.run('doctor')
  assert.equal(doctor.code, 0, doctor.stdout + doctor.stderr)
  t.diagnostic(`the slowest take-over took ${Math.round(slowest)} ms`)
  tried(t, ROUNDS, 'leaders frozen')
  tried(t, reservations, 'reservations meanwhile')
})

it('Another manager resumes within seconds what a killed manager was preparing', async (t) => {
  const { leader, other } = await roles()
  const doomed = other
  const { name } = (await listedBy(doomed)).find(({ self }) => self) ?? assert.fail('it is not listed')
  const { body } = await doomed.send('POST', '/v1/reservations', { username: 'promised', duration: '1h' })
  const { id } = body as { id: string }
  await doomed.kill()
  const killedAt = performance.now()
  // As if it had died before it could record that the account was made.
  await server.query(
    'frozen',
    `update reservations set state = 'preparing', active_at = null, expires_at = null, promised = 1,
       prepare_by = ${Date.now() + 3_600_000}, preparer = '${name}' where id = '${id}'`,
  )
  const stateNow = async () => (await leader.get<{ state: string }>(`/v1/reservations/${id}`)).body.state
  await eventually(async () => (await stateNow()) === 'active')
  const took = performance.now() - killedAt
  assert.ok(took < MAX_TAKE_UP_MS, `it took ${Math.round(took)} ms`)
  t.diagnostic(`it took ${Math.round(took)} ms`)
  assert.equal((await listedBy(leader)).find((one) => one.name === name)?.alive, false)
  tried(t, 1, 'managers killed')
})
