/** Manager processes on one PostgreSQL database: with clocks that differ, and beside a newer version. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { eventually } from '../../../lab/eventually.ts'
import { type TestManager, testManagers } from '../../../lab/manager.ts'
import { startPostgres } from '../../../lab/postgres/server.ts'

const HOOK = fileURLToPath(new URL('../../support/manager/shifted-clock.ts', import.meta.url))
const SHIFT_MS = 30_000
/** How far times may be apart that managers give for the same moment; measured: some milliseconds. */
const MAX_APART_MS = 1_000

const server = await startPostgres({ fsync: 'off' })
after(() => server.stop())
const database = await server.createDatabase('several')
const top = { database, log: { level: 'info', format: 'json' } }
const managers = await testManagers('several', 3, { size: 2, top })
const [ahead, exact, late] = managers as [TestManager, TestManager, TestManager]

interface Reservation {
  readonly id: string
  readonly state: string
  readonly outcome: string | null
  readonly keepalive_until: string
}

interface Listed {
  readonly self: boolean
  readonly leader: boolean
  readonly clock_offset_seconds: number
}

const listedBy = async (manager: TestManager) =>
  (await manager.get<{ managers: Listed[] }>('/v1/managers')).body.managers
const leads = async (manager: TestManager) => (await listedBy(manager)).some(({ self, leader }) => self && leader)
const reservationAt = async (manager: TestManager, id: string) =>
  (await manager.get<Reservation>(`/v1/reservations/${id}`)).body

async function reserve(): Promise<Reservation> {
  const asked = { username: 'alice', duration: '1h', keepalive: '10s' }
  const { status, body } = await ahead.send('POST', '/v1/reservations', asked)
  assert.equal(status, 201, JSON.stringify(body))
  return body as Reservation
}

function assertClose(actual: number, expected: number, what: string): void {
  assert.ok(Math.abs(actual - expected) < MAX_APART_MS, `${what}: ${actual - expected} ms apart`)
}

before(async () => {
  await ahead.start({ NODE_OPTIONS: `--import=${HOOK}`, CLOCK_SHIFT_MS: String(SHIFT_MS) })
  await ahead.untilReady()
  await exact.start()
})

describe('managers whose clocks are 30 seconds apart', () => {
  it('see how far their clocks are off', async () => {
    const offsets = (await listedBy(exact)).map(({ clock_offset_seconds }) => clock_offset_seconds * 1_000)
    assertClose(offsets[0] ?? 0, SHIFT_MS, 'ahead')
    assertClose(offsets[1] ?? 0, 0, 'exact')
    const answer = await fetch(`${ahead.url}/metrics`)
    const [, seconds] = /^berth_clock_offset_seconds (\S+)$/m.exec(await answer.text()) ?? []
    assertClose(Number(seconds) * 1_000, SHIFT_MS, 'in the metrics')
  })

  it('agree on keepalives and events, and end a reservation on time by the database’s clock', async () => {
    const begun = Date.now()
    const { id, keepalive_until } = await reserve()
    assertClose(Date.parse(keepalive_until), begun + 10_000, 'the keepalive')
    assert.equal((await reservationAt(exact, id)).keepalive_until, keepalive_until)
    const sent = Date.now()
    await exact.send('POST', `/v1/reservations/${id}/keepalive`, {})
    const until = Date.parse((await reservationAt(ahead, id)).keepalive_until)
    assertClose(until, sent + 10_000, 'the keepalive that the other manager took')
    await eventually(async () => (await reservationAt(exact, id)).state === 'ended')
    const { events } = (
      await exact.get<{ events: { kind: string; at: string }[] }>(`/v1/events?reservation=${id}&tail=10`)
    ).body
    const at = (kind: string) => Date.parse(events.find((event) => event.kind === kind)?.at ?? '')
    assertClose(at('reservation.active'), begun, 'the first event')
    assertClose(at('reservation.ending'), until, 'the end')
  })

  it('keep reservations when the clock of a machine is set an hour forward, and one of them leads', async () => {
    const { id } = await reserve()
    ahead.signal('SIGUSR2')
    await ahead.shows(/a clock has jumped/)
    await eventually(() => leads(ahead))
    assert.equal((await reservationAt(ahead, id)).state, 'active')
    await exact.send('POST', '/v1/release-all', {})
  })
})

describe('a manager that is older than the database', () => {
  const later = "insert into kysely_migration values ('9999-later', '2999-01-01')"

  it('serves, leaves the leadership, and says why; another one of its version does not start', async () => {
    await server.query('several', later)
    await eventually(async () => !(await leads(ahead)))
    await ahead.shows(/9999-later.*does not lead any more/)
    for (const manager of [ahead, exact]) {
      await eventually(async () => {
        const { status, body } = await manager.get<{ status: string; problems?: { code: string }[] }>('/readyz')
        const codes = body.problems?.map(({ code }) => code)
        assert.deepEqual([status, body.status, codes], [200, 'ready', ['schema_too_new']])
        return true
      })
    }
    assert.equal((await ahead.get('/v1/containers')).status, 200)
    await assert.rejects(late.start(), /written by a newer Berth \(9999-later\)/)
    await server.query('several', "delete from kysely_migration where name = '9999-later'")
    await eventually(async () => (await leads(ahead)) || (await leads(exact)))
  })
})

it('a manager that stops is not listed any more', async () => {
  exact.signal('SIGTERM')
  await exact.died()
  assert.equal((await listedBy(ahead)).length, 1)
})
