/** Several managers of one database and one engine that receive concurrent requests for the same containers. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { dockerLines } from '../../../lab/docker.ts'
import { eventually } from '../../../lab/eventually.ts'
import { type TestManager, testManagers } from '../../../lab/manager.ts'
import { effort, tried } from '../../../lab/proof.ts'
import { type Asked, askOne } from '../http/asking.ts'
import { type Berth, testBerth } from '../manager/berth.ts'
import { assertAnswersAgree, assertLogins, type Row } from './holders.ts'
import { type Line, LINES, replayOf, type Wait, WAITS } from './replay.ts'

const MANAGERS = 3
/** Number of containers. */
const SIZE = effort({ test: 6, prove: 50 })
/** Concurrent requests in each round. */
const REQUESTS = effort({ test: 48, prove: 500 })
const ROUNDS = effort({ test: 1, prove: 2 })
/** Maximum number of users per round whose logins are tried. */
const LOGINS = effort({ test: 6, prove: 25 })
/** Maximum time until all containers are ready. */
const MAX_FILL_MS = 180_000

/** A row of a reservation, joined with one of the containers that it holds; null if it holds none. */
interface Joined extends Omit<Row, 'held'> {
  readonly container: string | null
}

/** Runs SQL on the database itself, not through the code under test. */
export type Query = <T>(sql: string) => Promise<T[]>

/**
 * Prepares managers with these settings in berth.yml. `queryOf` receives the folder of that file. Call it at the top of
 * a test file.
 */
export async function prepareContention(settings: object, queryOf: (folder: string) => Query): Promise<Contention> {
  const top = { concurrency: 6, log: 'warn', ...settings }
  const managers = await testManagers('contention', MANAGERS, { size: SIZE, top })
  return new Contention(managers, queryOf)
}

class Contention {
  readonly #managers: readonly TestManager[]
  readonly #first: TestManager
  /** The manager that is killed. */
  readonly #victim: TestManager
  readonly #query: Query
  readonly #berth: Berth

  constructor(managers: readonly TestManager[], queryOf: (folder: string) => Query) {
    const [first, victim] = managers
    if (!first || !victim) throw new RangeError('two managers are needed')
    this.#managers = managers
    this.#first = first
    this.#victim = victim
    this.#query = queryOf(first.folder)
    this.#berth = testBerth({ BERTH_CONFIG: join(first.folder, 'berth.yml') })
  }

  /** Starts all managers at once, on an empty database. Resolves when the pool is full. */
  async start(): Promise<void> {
    await Promise.all(this.#managers.map((manager) => manager.start()))
    const isFull = (all: readonly { state: string }[]) => all.length === SIZE && all.every((c) => c.state === 'ready')
    await this.#first.until('all ready', isFull, MAX_FILL_MS)
  }

  /** Asserts that no two of many requests at several managers get the same container. */
  async assertOneHolder(t: TestContext): Promise<void> {
    let logins = 0
    for (let nth = 1; nth <= ROUNDS; nth += 1) {
      const round = `a${nth}`
      const requests = await this.#sendAll(round)
      await this.#untilPrepared()
      await this.#assertAsAnswered(round, requests)
      const refused = requests.filter(({ statuses }) => statuses.includes(409))
      assert.ok(refused.length > 0, 'no request was refused')
      logins += await assertLogins(requests, LOGINS)
      await this.#serveQueue(round, requests)
      await this.#assertAtRest()
    }
    const { given, queued } = await this.#assertHistory()
    assert.ok(queued > 0, 'no request waited')
    tried(t, ROUNDS * REQUESTS, `requests at ${MANAGERS} managers, for ${SIZE} containers`)
    tried(t, given, 'containers given')
    tried(t, logins, 'logins, and as many refused')
  }

  /** Asserts the same while a manager is killed: its death takes nothing from holders of the other managers. */
  async assertOneHolderAfterKill(t: TestContext): Promise<void> {
    let lost = 0
    for (let nth = 1; nth <= ROUNDS; nth += 1) {
      const round = `k${nth}`
      const sending = this.#sendAll(round)
      // The first reservations are being prepared, and most requests have no answer yet.
      while ((await this.#rowsOf(round)).size === 0) await sleep(2)
      await this.#victim.kill()
      // It starts again while the other managers are still preparing reservations.
      await this.#victim.start()
      const requests = await sending
      await this.#untilPrepared()
      await this.#assertAsAnswered(round, requests)
      lost += requests.filter(({ statuses }) => statuses.includes(0)).length
      await assertLogins(requests, LOGINS)
      await this.#serveQueue(round, requests)
      await this.#assertAtRest()
    }
    await this.#assertHistory()
    assert.ok(lost > 0, 'the manager was killed after it had answered all requests')
    tried(t, ROUNDS * REQUESTS, `requests while one of ${MANAGERS} managers died`)
    tried(t, lost, 'of them without an answer')
  }

  async #sendAll(round: string): Promise<Asked[]> {
    return Promise.all(Array.from({ length: REQUESTS }, (_, nth) => askOne(this.#managers, round, nth)))
  }

  /** Returns all reservations of this round by user, also ended ones. */
  async #rowsOf(round: string): Promise<Map<string, Row[]>> {
    // A single statement, because the queue may move on between two.
    const joined = await this.#query<Joined>(
      `select id, username, state, count, container
       from reservations left join holds on reservation_id = id and current = 1
       where username like 'u${round}-%'`,
    )
    const rows = [...Map.groupBy(joined, ({ id }) => id).values()].flatMap((same) => {
      const held = same.flatMap(({ container }) => container ?? []).toSorted()
      return same.slice(0, 1).map(({ id, username, state, count }) => ({ id, username, state, count, held }))
    })
    return Map.groupBy(rows, ({ username }) => username)
  }

  /** Asserts that every answer agrees with the database, and that no user without an answer has a container. */
  async #assertAsAnswered(round: string, requests: readonly Asked[]): Promise<void> {
    const rowsByUser = await this.#rowsOf(round)
    let answered = 0
    for (const request of requests) {
      const rows = rowsByUser.get(request.username) ?? []
      assertAnswersAgree(request, rows)
      for (const { state, count } of rows) answered += state === 'active' ? count : 0
    }
    const held = await this.#query<{ container: string }>('select container from holds where current = 1')
    const holds = held.map(({ container }) => container)
    assert.equal(new Set(holds).size, holds.length, 'a container has two holders')
    assert.equal(holds.length, answered, 'a container is held without an answer that names it')
    const names = requests.flatMap(({ containers }) => containers.map(({ name }) => name))
    assert.equal(new Set(names).size, names.length, 'two answers name one container')
  }

  async #countOf(state: string): Promise<number> {
    return (await this.#query(`select id from reservations where state = '${state}'`)).length
  }

  /** Resolves when no reservation is being prepared or ended. */
  async #untilPrepared(): Promise<void> {
    await eventually(async () => (await this.#countOf('preparing')) + (await this.#countOf('ending')) === 0)
  }

  /** Releases all active reservations, through each manager in turn. */
  async #releaseActive(): Promise<void> {
    const active = await this.#query<{ id: string }>("select id from reservations where state = 'active'")
    await Promise.all(
      active.map(async ({ id }, nth) => {
        const manager = this.#managers[nth % this.#managers.length] ?? this.#first
        const { status } = await fetch(`${manager.url}/v1/reservations/${id}`, { method: 'DELETE' })
        // 503: the engine has not confirmed it yet, and the managers try it again.
        assert.ok(status === 200 || status === 503, `${status}`)
      }),
    )
  }

  /** Releases active reservations until the queue is empty, and checks the rows each time. */
  async #serveQueue(round: string, requests: readonly Asked[]): Promise<void> {
    for (let waiting = await this.#countOf('waiting'); waiting > 0; waiting = await this.#countOf('waiting')) {
      await this.#releaseActive()
      await eventually(async () => (await this.#countOf('waiting')) < waiting)
      await this.#untilPrepared()
      const rowsByUser = await this.#rowsOf(round)
      for (const { username, how } of requests) {
        const [row, ...more] = rowsByUser.get(username) ?? []
        assert.deepEqual(more, [], username)
        if (row?.state !== 'active') continue
        assert.equal(how, 'queue', 'only queued requests wait')
        assert.equal(row.held.length, row.count)
      }
    }
  }

  /** Asserts that after all releases each container is ready, and the engine has no others. */
  async #assertAtRest(): Promise<void> {
    const { url, instance, pool } = this.#first
    await this.#releaseActive()
    await fetch(`${url}/v1/release-all`, { method: 'POST' })
    await this.#first.until('all ready', (all) => all.every((c) => c.state === 'ready'), MAX_FILL_MS)
    const label = `label=berth.instance=${instance}`
    const present = await dockerLines('ps', '--all', '--filter', label, '--format', '{{.Names}} {{.State}}')
    const expected = Array.from({ length: SIZE }, (_, index) => `${pool}-${index + 1} running`)
    assert.deepEqual(present.toSorted(), expected.toSorted())
    const { code, stdout } = await this.#berth.run('doctor')
    const compared = `${SIZE} in the database, ${SIZE} in the engine`
    assert.deepEqual({ code, stdout }, { code: 0, stdout: `No difference: ${compared}.\n` })
  }

  /** Asserts that the recorded events contain no fault, and the logs of the managers no failure. */
  async #assertHistory(): Promise<{ given: number; queued: number }> {
    const { faults, given, queued } = replayOf(await this.#query<Wait>(WAITS), await this.#query<Line>(LINES))
    assert.deepEqual(faults, [])
    for (const { output } of this.#managers) {
      assert.doesNotMatch(output, /locked|SQLITE|tick failed|could not be recorded/)
    }
    return { given, queued }
  }
}
