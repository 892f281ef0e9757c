/** Several managers of one database and one engine that get concurrent requests for the same containers. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { dockerLines } from '../../../lab/docker.ts'
import { eventually } from '../../../lab/eventually.ts'
import { type TestManager, testManagers } from '../../../lab/manager.ts'
import { effort, tried } from '../../../lab/proof.ts'
import { type Asked, askOne } from '../http/asking.ts'
import { testBerth } from '../manager/berth.ts'
import { isRefused, login } from '../ssh.ts'
import { type Line, LINES, replayOf, type Wait, WAITS } from './replay.ts'

const MANAGERS = 3
const SIZE = effort({ test: 6, prove: 50 })
const ASKING = effort({ test: 48, prove: 500 })
const ROUNDS = effort({ test: 1, prove: 2 })
const LOGINS = effort({ test: 6, prove: 25 })

interface Row {
  readonly id: string
  readonly username: string
  readonly state: string
  readonly count: number
  /** Names of the containers that it holds. */
  readonly held: readonly string[]
}

interface Hold {
  readonly reservation_id: string
  readonly container: string
}

/** Runs SQL past the code under test. */
export type Query = <T>(sql: string) => Promise<T[]>

interface Rivals {
  /** Starts all managers at once, on a database that none of them has made yet. Resolves when the pool is full. */
  start(): Promise<void>
  /** Asserts that no two of many requests at several managers get one container. */
  assertOneHolder(t: TestContext): Promise<void>
  /** Asserts the same while one manager is killed, and that its death takes nothing from holders of the others. */
  assertOneHolderAfterKill(t: TestContext): Promise<void>
}

/** Makes managers with these settings. `queryOf` gets their folder. Call it at the top of a test file. */
export async function openRivals(settings: object, queryOf: (folder: string) => Query): Promise<Rivals> {
  const top = { concurrency: 6, log: 'warn', ...settings }
  const managers = await testManagers('rivals', MANAGERS, { size: SIZE, top })
  const [first = missing(), ...others] = managers
  const query = queryOf(first.folder)
  const berth = testBerth({ BERTH_CONFIG: join(first.folder, 'berth.yml') })

  /** All that were ever asked for in this round. */
  async function rowsOf(round: string): Promise<Map<string, Row[]>> {
    const asked = await query<Omit<Row, 'held'>>(
      `select id, username, state, count from reservations where username like 'u${round}-%'`,
    )
    const holds = await query<Hold>('select reservation_id, container from holds where current = 1')
    const rows = asked.map((row) => ({
      ...row,
      held: holds.flatMap((hold) => (hold.reservation_id === row.id ? hold.container : [])).toSorted(),
    }))
    return Map.groupBy(rows, ({ username }) => username)
  }

  const heldBy = (row: Row | undefined) => row?.held ?? []

  /** Every answer agrees with the database, and no user without an answer has a container. */
  async function assertAsAnswered(round: string, asked: readonly Asked[]): Promise<void> {
    const rows = await rowsOf(round)
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
    const held = await query<{ container: string }>('select container from holds where current = 1')
    const holds = held.map(({ container }) => container)
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

  async function count(state: string): Promise<number> {
    return (await query(`select id from reservations where state = '${state}'`)).length
  }

  /** What was begun is done: let in, or given up and cut off. */
  async function untilPrepared(): Promise<void> {
    await eventually(async () => (await count('preparing')) + (await count('ending')) === 0)
  }

  /** Through every manager in turn. 503: the engine has not confirmed yet, and the managers go on asking it. */
  async function releaseActive(): Promise<void> {
    const active = await query<{ id: string }>("select id from reservations where state = 'active'")
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
    for (let waiting = await count('waiting'); waiting > 0; waiting = await count('waiting')) {
      await releaseActive()
      await eventually(async () => (await count('waiting')) < waiting)
      await untilPrepared()
      const rows = await rowsOf(round)
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

  async function assertHistory(): Promise<{ given: number; queued: number }> {
    const { faults, given, queued } = replayOf(await query<Wait>(WAITS), await query<Line>(LINES))
    assert.deepEqual(faults, [])
    for (const { output } of managers) assert.doesNotMatch(output, /locked|SQLITE|tick failed|could not be recorded/)
    return { given, queued }
  }

  async function askAll(round: string, on: readonly TestManager[]): Promise<Asked[]> {
    return Promise.all(Array.from({ length: ASKING }, (_, nth) => askOne(on, round, nth)))
  }

  return {
    async start() {
      await Promise.all(managers.map((manager) => manager.start()))
      await first.until('all ready', (all) => all.length === SIZE && all.every((c) => c.state === 'ready'), 180_000)
    },

    async assertOneHolder(t) {
      let logins = 0
      for (let round = 1; round <= ROUNDS; round += 1) {
        const asked = await askAll(`a${round}`, managers)
        await untilPrepared()
        await assertAsAnswered(`a${round}`, asked)
        assert.ok(
          asked.some(({ statuses }) => statuses.includes(409)),
          'no request was refused',
        )
        logins += await assertLogins(asked, LOGINS)
        await serveQueue(`a${round}`, asked)
        await assertAtRest()
      }
      const { given, queued } = await assertHistory()
      assert.ok(queued > 0, 'no request waited')
      tried(t, ROUNDS * ASKING, `requests at ${MANAGERS} managers, for ${SIZE} containers`)
      tried(t, given, 'containers given')
      tried(t, logins, 'logins, and as many refused')
    },

    async assertOneHolderAfterKill(t) {
      const [victim = missing()] = others
      let lost = 0
      for (let round = 1; round <= ROUNDS; round += 1) {
        const asking = askAll(`k${round}`, managers)
        // In the midst of it: some are being let in, and most have no answer yet.
        while ((await rowsOf(`k${round}`)).size === 0) await sleep(2)
        await victim.kill()
        // While the others are still letting in.
        await victim.start()
        const asked = await asking
        await untilPrepared()
        await assertAsAnswered(`k${round}`, asked)
        lost += asked.filter(({ statuses }) => statuses.includes(0)).length
        await assertLogins(asked, LOGINS)
        await serveQueue(`k${round}`, asked)
        await assertAtRest()
      }
      await assertHistory()
      assert.ok(lost > 0, 'it died too late')
      tried(t, ROUNDS * ASKING, `requests while one of ${MANAGERS} managers died`)
      tried(t, lost, 'of them without an answer')
    },
  }
}

function missing(): never {
  throw new Error('there are too few managers')
}
