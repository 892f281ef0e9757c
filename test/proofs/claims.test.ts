/** The claim by itself, without an engine: many processes on one database, thousands of claims. */
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { fill } from '../contracts/store-bench.ts'
import type { ClaimerOrder, ClaimerReport } from '../support/manager/claimer.ts'
import { nextMessage, startForked } from '../support/manager/forked.ts'
import { effort, tried } from '../../lab/proof.ts'
import { ask, replay } from '../support/world/replay.ts'

const SCRIPT = fileURLToPath(new URL('../support/manager/claimer.ts', import.meta.url))
const PROCESSES = 4
const CONTAINERS = 30
const CLAIMS = effort({ test: 120, prove: 1_000 })
/** Of a database that every manager opens within a second: an error is a claim that was lost. */
const NONE: readonly string[] = []

const folder = mkdtempSync(join(tmpdir(), 'berth-claims-'))
after(() => rmSync(folder, { recursive: true }))

interface Run {
  readonly file: string
  readonly witness: string
  readonly reports: ClaimerReport[]
}

/** `meanwhile` may do something to the processes while they work. */
async function run(name: string, some: { claims: number; taken?: string; meanwhile?: (all: ChildProcess[]) => void }) {
  const file = join(folder, `${name}.db`)
  const witness = join(folder, `${name}.held`)
  mkdirSync(witness)
  if (some.taken !== undefined) mkdirSync(join(witness, some.taken))
  const orders = Array.from({ length: PROCESSES }, (_, nth): ClaimerOrder => {
    return { file, witness, name: `${name}${nth}`, claims: some.claims }
  })
  // All at once on a database that does not exist: the first process makes it, and the others wait.
  const claimers = orders.map((order) => startForked(SCRIPT, JSON.stringify(order)))
  await Promise.all(claimers.map(nextMessage))
  const store = await openSqlite(file)
  await fill(store, CONTAINERS)
  await store.close()
  const reports = claimers.map(nextMessage)
  for (const claimer of claimers) claimer.send('go')
  some.meanwhile?.(claimers)
  const told = (await Promise.all(reports)).filter((report) => report !== null) as ClaimerReport[]
  return { file, witness, reports: told } satisfies Run
}

function assertSound({ file, reports }: Run): void {
  assert.deepEqual(
    reports.flatMap((report) => report.errors),
    NONE,
  )
  assert.deepEqual(
    reports.flatMap((report) => report.clashes),
    NONE,
  )
  assert.deepEqual(replay(file).faults, NONE)
  const twice = 'select container from holds where current = 1 group by container having count(*) > 1'
  assert.deepEqual(ask(file, twice), [])
}

it('However many processes claim at once, no container is given to two, and the queue keeps its order', async (t) => {
  const ran = await run('crowd', { claims: CLAIMS })
  assertSound(ran)
  assert.equal(ran.reports.length, PROCESSES)
  assert.deepEqual(readdirSync(ran.witness), [], 'a claimer still has a container')
  const ready = ask<{ n: number }>(ran.file, "select count(*) n from containers where state = 'ready'")
  assert.equal(ready[0]?.n, CONTAINERS)
  const { given, queued } = replay(ran.file)
  assert.ok(queued > 0, 'no claim waited')
  tried(t, PROCESSES * CLAIMS, `claims by ${PROCESSES} processes`)
  tried(t, given, 'containers given')
  tried(t, queued, 'turns in the queue')
})

it('A request that is sent to several managers at once makes one reservation', async (t) => {
  const ran = await run('keys', { claims: CLAIMS })
  assertSound(ran)
  const byKey = Map.groupBy(
    ran.reports.flatMap((report) => Object.entries(report.byKey)),
    ([key]) => key,
  )
  const several = [...byKey].filter(([, answers]) => new Set(answers.map(([, id]) => id)).size > 1)
  // One that waited in vain was answered with that; one that failed while it was made is tried again. Neither fails
  // here.
  assert.deepEqual(several, [])
  const repeated = [...byKey.values()].filter((answers) => answers.length > 1).length
  tried(t, repeated, 'keys that several processes sent')
})

it('A manager that is killed in the middle of its claims leaves nothing half done, and blocks no other manager', async (t) => {
  const ran = await run('killed', {
    claims: CLAIMS,
    meanwhile([first]) {
      setTimeout(() => first?.kill('SIGKILL'), 400)
    },
  })
  assertSound(ran)
  assert.equal(ran.reports.length, PROCESSES - 1, 'none was killed')
  const halves = `
    select r.id from reservations r where r.state in ('preparing', 'active')
    and r.count <> (select count(*) from holds where reservation_id = r.id and current = 1)`
  assert.deepEqual(ask(ran.file, halves), [])
  tried(t, (PROCESSES - 1) * CLAIMS, 'claims beside one that was killed')
})

it('the witness sees a container that two have', async () => {
  const { reports } = await run('planted', { claims: 20, taken: 'p-1' })
  assert.ok(reports.some(({ clashes }) => clashes.includes('p-1')))
})
