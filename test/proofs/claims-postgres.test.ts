/** The claim by itself on PostgreSQL, without an engine: many processes on one database. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { effort, tried } from '../../lab/proof.ts'
import { openAt } from '../../lab/postgres/open-at.ts'
import { startPostgres } from '../../lab/postgres/server.ts'
import { fill } from '../contracts/store-bench.ts'
import type { ClaimerOrder, ClaimerReport } from '../support/manager/claimer.ts'
import { nextMessage, startForked } from '../support/manager/forked.ts'
import { type Line, LINES, replayOf, type Wait, WAITS } from '../support/world/replay.ts'

const SCRIPT = fileURLToPath(new URL('../support/manager/claimer.ts', import.meta.url))
const PROCESSES = 3
const CONTAINERS = 20
const CLAIMS = effort({ test: 60, prove: 600 })
const NONE: readonly string[] = []

const server = await startPostgres({ fsync: 'off' })
after(() => server.stop())
const folder = mkdtempSync(join(tmpdir(), 'berth-claims-'))
after(() => rmSync(folder, { recursive: true }))

/** The first process kills itself at the claim `diesAt`. Returns the reports of the processes that were not killed. */
async function run(name: string, diesAt?: number) {
  const file = await server.createDatabase(name)
  const witness = join(folder, name)
  mkdirSync(witness)
  // All at once on an empty database: the first process makes the tables, and the others wait.
  const claimers = Array.from({ length: PROCESSES }, (_, nth) => {
    const order: ClaimerOrder = {
      ...{ file, witness, name: `${name}${nth}`, claims: CLAIMS },
      ...(nth === 0 && diesAt !== undefined && { diesAt }),
    }
    return startForked(SCRIPT, JSON.stringify(order))
  })
  await Promise.all(claimers.map(nextMessage))
  const store = await openAt(file, '')
  await fill(store, CONTAINERS)
  await store.close()
  const reports = claimers.map(nextMessage)
  for (const claimer of claimers) claimer.send('go')
  return (await Promise.all(reports)).filter((report) => report !== null) as ClaimerReport[]
}

/** Returns the number of claims that were served from the queue. */
async function assertSound(database: string, reports: readonly ClaimerReport[]): Promise<number> {
  assert.deepEqual(
    reports.flatMap((report) => report.errors),
    NONE,
  )
  assert.deepEqual(
    reports.flatMap((report) => report.clashes),
    NONE,
  )
  const [waits, lines] = [await server.query(database, WAITS), await server.query(database, LINES)]
  // The driver returns an int8 as text.
  const numbers = ({ wait_until, ...row }: Record<string, unknown>) => ({
    ...row,
    wait_until: wait_until && Number(wait_until),
  })
  const { faults, given, queued } = replayOf(
    waits.map(numbers) as unknown as Wait[],
    lines.map(({ id, at, ...row }) => ({ ...row, id: Number(id), at: Number(at) })) as Line[],
  )
  assert.deepEqual(faults, NONE)
  assert.ok(given > 0, 'no claim was given containers')
  const halves = `
    select r.id from reservations r where r.state in ('preparing', 'active')
    and r.count <> (select count(*) from holds where reservation_id = r.id and current = 1)`
  assert.deepEqual(await server.query(database, halves), [])
  return queued
}

it('On PostgreSQL, however many processes claim at once, no container is lent twice, and the queue keeps its order', async (t) => {
  const reports = await run('crowd')
  assert.equal(reports.length, PROCESSES)
  assert.ok((await assertSound('crowd', reports)) > 0, 'no claim waited')
  const byKey = Map.groupBy(
    reports.flatMap((report) => Object.entries(report.byKey)),
    ([key]) => key,
  )
  const several = [...byKey].filter(([, answers]) => new Set(answers.map(([, id]) => id)).size > 1)
  assert.deepEqual(several, [], 'a request that was sent to several managers made several reservations')
  assert.ok([...byKey.values()].some((answers) => answers.length > 1))
  tried(t, PROCESSES * CLAIMS, `claims by ${PROCESSES} processes`)
})

it('On PostgreSQL, a manager that is killed in the middle of its claims leaves nothing half done, and blocks no other', async (t) => {
  const reports = await run('killed', CLAIMS / 2)
  assert.equal(reports.length, PROCESSES - 1, 'none was killed')
  await assertSound('killed', reports)
  tried(t, (PROCESSES - 1) * CLAIMS, 'claims beside one that was killed')
})
