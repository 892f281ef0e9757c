/** A dump of a PostgreSQL database from any moment, which is restored by the commands of the documentation. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import fc from 'fast-check'
import { distributionPrograms } from '../../lab/postgres/binaries.ts'
import { connectTo } from '../../lab/postgres/open-at.ts'
import { startPostgres } from '../../lab/postgres/server.ts'
import { effort, tried } from '../../lab/proof.ts'
import { goOnWithCopy, history, type Step } from '../support/world/restored.ts'

const RUNS = effort({ test: 3, prove: 40 })
const GUIDE = readFileSync(new URL('../../docs/guides/postgresql.md', import.meta.url), 'utf8')
const SECTION = GUIDE.slice(GUIDE.indexOf('\n## Back up and restore\n'))
/** The blocks of that section, in their order. */
const [DUMP = '', RESTORE = '', ...MORE] = [...SECTION.matchAll(/```sh\n(.*?)```/gs)].map(([, block]) => block)

// Without `jit`, whose library is larger than the rest of the server and is not fetched for tests.
const server = await startPostgres({ fsync: 'off', jit: 'off' }, {}, { findPrograms: distributionPrograms })
after(() => server.stop())
const folder = mkdtempSync(join(tmpdir(), 'berth-dump-'))
after(() => rmSync(folder, { recursive: true }))
await server.query('postgres', 'create role berth login')
await server.query('postgres', 'create database berth owner berth')
const url = `postgres://berth@127.0.0.1:${server.port}/berth?sslmode=disable`

/** Runs the commands as they are written, except for the address of the server. */
async function run(commands: string): Promise<void> {
  const { bin, env } = server.programs
  const superuser = { PGHOST: '127.0.0.1', PGPORT: String(server.port), PGUSER: 'postgres', PGDATABASE: 'postgres' }
  execFileSync('bash', ['-euo', 'pipefail', '-c', commands.replaceAll('db.example.org', `127.0.0.1:${server.port}`)], {
    cwd: folder,
    env: { ...process.env, ...env, ...superuser, PATH: `${bin}:${process.env['PATH']}` },
  })
}

/** Two reservations are in the dump; both are in use when others come. */
const BEFORE: Step[] = [
  { do: 'reserve', count: 1, minutes: 30, waits: false },
  { do: 'reserve', count: 1, minutes: 30, waits: false },
  { do: 'settle' },
]
const LATER: Step[] = [
  { do: 'reserve', count: 2, minutes: 30, waits: false },
  { do: 'settle' },
  { do: 'wait', seconds: 30 },
]

it('A manager that starts from a restored dump of PostgreSQL reconciles with the engine, as from a copy of SQLite', async (t) => {
  assert.equal(MORE.length, 0)
  assert.match(DUMP, /^pg_dump /)
  assert.match(RESTORE, /^pg_restore /m)
  const total = { different: 0, kept: 0, left: 0 }
  await fc.assert(
    fc.asyncProperty(history, history, async (before, later) => {
      await server.query('postgres', 'drop database berth with (force)')
      await server.query('postgres', 'create database berth owner berth')
      const { isOutdated, kept, left } = await goOnWithCopy(
        { before, later },
        async (which) => {
          if (which === 'copy') await run(RESTORE)
          return { database: which, db: await connectTo(server, url) }
        },
        () => run(DUMP),
      )
      if (isOutdated) total.different += 1
      total.kept += kept
      total.left += left
    }),
    { numRuns: RUNS, examples: [[BEFORE, LATER]] },
  )
  assert.ok(total.different > 0 && total.kept > 0 && total.left > 0, JSON.stringify(total))
  tried(t, RUNS, 'histories, each with a dump that was restored')
  tried(t, total.left, 'logins from after the dump, left alone')
})
