/** Several managers on one database and one engine: of concurrent requests, no two get the same container. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Asked, askOne } from '../support/http/asking.ts'
import { testBerth } from '../support/manager/berth.ts'
import { dockerLines } from '../../lab/docker.ts'
import { eventually } from '../../lab/eventually.ts'
import { type TestManager, testManagers } from '../../lab/manager.ts'
import { effort, tried } from '../../lab/proof.ts'
import { ask, replay } from '../support/world/replay.ts'
import { isRefused, login } from '../support/ssh.ts'

const MANAGERS = 3
const SIZE = effort({ test: 6, prove: 50 })
const ASKING = effort({ test: 48, prove: 500 })
const ROUNDS = effort({ test: 1, prove: 2 })
const LOGINS = effort({ test: 6, prove: 25 })

const managers = await testManagers('double', MANAGERS, { size: SIZE, top: { concurrency: 6, log: 'warn' } })
const [first = missing(), ...others] = managers
const file = join(first.folder, 'containers.db')
const berth = testBerth({ BERTH_CONFIG: join(first.folder, 'berth.yml') })

interface Row {
  readonly id: string
  readonly username: string
  readonly state: string
  readonly count: number
  /** Names of the containers that it holds, with commas between. */
  readonly held: string | null
}

before(async () => {
  // At once, on a database that none of them has made yet.
  await Promise.all(managers.map((manager) => manager.start()))
  await first.until('all ready', (all) => all.length === SIZE && all.every((c) => c.state === 'ready'), 180_000)
})

/** All that were ever asked for in this round. */
function rowsOf(round: string): Map<string, Row[]> {
  const rows = ask<Row>(
    file,
    `select id, username, state, count,
     (select group_concat(container) from holds where reservation_id = id and current = 1) held
     from reservations where username like 'u${round}-%'`,
  )
  return Map.groupBy(rows, (row) => row.username)
}

const heldBy = (row: Row | undefined) => (row?.held?.split(',') ?? []).toSorted()

/** Every answer agrees with the database, and no user without an answer has a container. */
function assertAsAnswered(round: string, asked: readonly Asked[]): void {
  const rows = rowsOf(round)
  let answered = 0
  for (const one of asked) {
    const theirs = rows.get(one.username) ?? []
    const told = JSON.stringify({ one, theirs })
    const active = theirs.filter((row) => row.state === 'active')
    const known = one.statuses.filter((status) => status !== 0)
    assert.ok(
      known.every((status) => [200, 201, 202, 409].includes(status)),
      told,
    )
    assert.ok(
      one.reasons.every((reason) => reason === 'not_enough' || reason.startsWith('Only ')),
      told,
    )
    assert.ok(theirs.filter((row) => row.state !== 'ended').length <= 1, `more than one reservation: ${told}`)
    assert.ok(new Set(one.ids).size <= 1, `two reservations for one key: ${told}`)
    if (known.some((status) => status === 200 || status === 201)) {
      assert.equal(active.length, 1, told)
      assert.deepEqual(heldBy(active[0]), one.containers.map(({ name }) => name).toSorted(), told)
    } else if (known.length === one.statuses.length && known.every((status) => status === 409)) {
      assert.deepEqual(theirs, [], `refused, and yet there: ${told}`)
    }
    for (const row of theirs) {
      const holds = row.state === 'active' ? row.count : 0
      assert.equal(heldBy(row).length, holds, told)
      answered += holds
    }
  }
  const holds = ask<{ container: string }>(file, 'select container from holds where current = 1').map(
    (h) => h.container,
  )
  assert.equal(new Set(holds).size, holds.length, 'a container has two holders')
  assert.equal(holds.length, answered, 'a container is held without an answer that names it')
  const names = asked.flatMap(({ containers }) => containers.map(({ name }) => name))
  assert.equal(new Set(names).size, names.length, 'two answers name one container')
}

/** Each user logs in with their own password, and not with that of another user. Returns how many were tried. */
async function assertLogins(asked: readonly Asked[], most: number): Promise<number> {
  const inside = asked.filter(({ containers }) => containers.length > 0)
  const step = Math.max(1, Math.floor(inside.length / most))
  const sample = inside.filter((_, index) => index % step === 0).slice(0, most)
  const tries = sample.flatMap(({ username, password, containers }) => {
    const stranger = inside.find((other) => other.username !== username)
    return containers.map(async ({ name, port, hostKey }) => {
      const session = await login({ port, username, password })
      assert.equal(session.hostKey, hostKey, `${name}: the host key that was answered`)
      assert.equal((await session.exec('whoami')).stdout, username)
      session.close()
      if (!stranger) return
      assert.ok(await isRefused({ port, username: stranger.username, password: stranger.password }), name)
      assert.ok(await isRefused({ port, username, password: stranger.password }), name)
    })
  })
  await Promise.all(tries)
  return tries.length
}

const count = (state: string) =>
  ask<{ n: number }>(file, `select count(*) n from reservations where state = '${state}'`)[0]?.n ?? 0

/** What was begun is done: let in, or given up and cut off. */
async function untilPrepared(): Promise<void> {
  await eventually(async () => count('preparing') + count('ending') === 0)
}

/** Through every manager in turn. 503: the engine has not confirmed yet, and the managers go on asking it. */
async function releaseActive(): Promise<void> {
  const active = ask<{ id: string }>(file, "select id from reservations where state = 'active'")
  await Promise.all(
    active.map(async ({ id }, nth) => {
      const manager = managers[nth % managers.length] ?? first
      const { status } = await fetch(`${manager.url}/v1/reservations/${id}`, { method: 'DELETE' })
      assert.ok(status === 200 || status === 503, `${status}`)
    }),
  )
}

/** Releases what is held, again and again, until all that wait have been served; checks each wave. */
async function serveQueue(round: string, asked: readonly Asked[]): Promise<void> {
  while (count('waiting') > 0) {
    const waiting = count('waiting')
    await releaseActive()
    await eventually(async () => count('waiting') < waiting)
    await untilPrepared()
    const rows = rowsOf(round)
    for (const { username, how } of asked) {
      const [row, ...more] = rows.get(username) ?? []
      assert.deepEqual(more, [], username)
      if (row?.state === 'active') assert.equal(how, 'queue', 'only queued requests wait')
      if (row?.state === 'active') assert.equal(heldBy(row).length, row.count)
    }
  }
}

async function assertAtRest(): Promise<void> {
  await releaseActive()
  await fetch(`${first.url}/v1/release-all`, { method: 'POST' })
  await first.until('all ready', (all) => all.every((c) => c.state === 'ready'), 180_000)
  const label = `label=berth.instance=${first.instance}`
  const there = await dockerLines('ps', '--all', '--filter', label, '--format', '{{.Names}} {{.State}}')
  const expected = Array.from({ length: SIZE }, (_, index) => `${first.pool}-${index + 1} running`)
  assert.deepEqual(there.toSorted(), expected.toSorted())
  const { code, stdout } = await berth.run('doctor')
  assert.deepEqual(
    { code, stdout },
    { code: 0, stdout: `No difference: ${SIZE} in the database, ${SIZE} in the engine.\n` },
  )
}

function assertHistory(): { given: number; queued: number } {
  const { faults, given, queued } = replay(file)
  assert.deepEqual(faults, [])
  for (const { output } of managers) assert.doesNotMatch(output, /locked|SQLITE|tick failed|could not be recorded/)
  return { given, queued }
}

async function askAll(round: string, on: readonly TestManager[]): Promise<Asked[]> {
  return Promise.all(Array.from({ length: ASKING }, (_, nth) => askOne(on, round, nth)))
}

describe(`${MANAGERS} managers on one database`, () => {
  it('Of concurrent requests to several managers, each container goes to one, and its holder can log in', async (t) => {
    let logins = 0
    for (let round = 1; round <= ROUNDS; round += 1) {
      const asked = await askAll(`a${round}`, managers)
      await untilPrepared()
      assertAsAnswered(`a${round}`, asked)
      assert.ok(
        asked.some(({ statuses }) => statuses.includes(409)),
        'no request was refused',
      )
      logins += await assertLogins(asked, LOGINS)
      await serveQueue(`a${round}`, asked)
      await assertAtRest()
    }
    const { given, queued } = assertHistory()
    assert.ok(queued > 0, 'no request waited')
    tried(t, ROUNDS * ASKING, `requests at ${MANAGERS} managers, for ${SIZE} containers`)
    tried(t, given, 'containers given')
    tried(t, logins, 'logins, and as many refused')
  })

  it('A manager that is killed under load takes nothing from holders whom the other managers have answered', async (t) => {
    const [victim = missing()] = others
    let lost = 0
    for (let round = 1; round <= ROUNDS; round += 1) {
      const asking = askAll(`k${round}`, managers)
      // In the midst of it: some are being let in, and most have no answer yet.
      while (rowsOf(`k${round}`).size === 0) await sleep(2)
      await victim.kill()
      // While the others are still letting in.
      await victim.start()
      const asked = await asking
      await untilPrepared()
      assertAsAnswered(`k${round}`, asked)
      lost += asked.filter(({ statuses }) => statuses.includes(0)).length
      await assertLogins(asked, LOGINS)
      await serveQueue(`k${round}`, asked)
      await assertAtRest()
    }
    assertHistory()
    assert.ok(lost > 0, 'it died too late')
    tried(t, ROUNDS * ASKING, `requests while one of ${MANAGERS} managers died`)
    tried(t, lost, 'of them without an answer')
  })
})

function missing(): never {
  throw new Error('there are too few managers')
}
