/** `berth migrate --from` copies a database to PostgreSQL, and back. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { stringify } from 'yaml'
import { openAt } from '../../../lab/postgres/open-at.ts'
import { startPostgres } from '../../../lab/postgres/server.ts'
import { reservePorts } from '../../../lab/ports.ts'
import { NOW } from '../../../lab/rows.ts'
import type { Store } from '../../../src/ports/store.ts'
import { claimed, fill } from '../../contracts/store-bench.ts'
import { claimOf } from '../../../lab/claims.ts'
import { testBerth } from '../../support/manager/berth.ts'

const server = await startPostgres({ fsync: 'off' })
after(() => server.stop())
const folder = mkdtempSync(join(tmpdir(), 'berth-copy-'))
after(() => rmSync(folder, { recursive: true }))
const [port = 0] = await reservePorts(1)
const url = await server.createDatabase()
const common = { listen: `127.0.0.1:${port}`, engine: 'memory', auth: 'none' }
const pools = { p: { size: 1, ssh_ports: 2221 } }
writeFileSync(join(folder, 'berth.yml'), stringify({ ...common, database: url, pools }))
const berth = testBerth({ BERTH_CONFIG: join(folder, 'berth.yml') })

/** Writes rows to every table, and more events than one page of the copy takes. */
async function use(store: Store): Promise<void> {
  await store.registerManager()
  await store.acquireLeadership(await store.leaderTerm(), NOW)
  await fill(store, 520)
  await store.recordPoolFacts('p', { os: 'Alpine', names: ['root'] })
  await store.resizePool('p', { size: 519, pinned: true }, 'root', NOW)
  await claimed(store, { count: 3, request: { key: 'k', body: 'b', salt: 's' }, note: 'Grüße 🚀 "quoted"' })
  await store.activate('r1', NOW)
  await claimed(store, { id: 'r2' })
  await store.end(['r2'], { outcome: 'released', by: 'alice' }, NOW + 1)
  await store.claim(claimOf({ id: 'r3', count: 600, waitUntil: NOW + 60_000 }), NOW)
  const token = { id: 't', name: 'ci', hash: 'h', createdAt: NOW, expiresAt: null, lastUsedAt: null }
  const limits = { containers: 4, durationMs: null, pools: null }
  await store.addToken({ ...token, role: 'user', limits }, 'root', NOW)
  await store.addRefusals([{ at: NOW - (NOW % 60_000), pool: 'p', code: 'not_enough', count: 2 }])
}

async function contentsOf(where: string) {
  const store = await openAt(where, '')
  try {
    return {
      ...(await store.snapshot()),
      // Rows of SQLite have no prototype.
      events: (await store.events({ after: 0, limit: 5_000 })).map((event) => ({ ...event })),
      tokens: await store.tokens(),
      ended: await store.reservation('r2'),
      facts: await store.poolFacts(),
      term: (await store.leaderTerm()).term,
      id: await store.databaseId(),
    }
  } finally {
    await store.close()
  }
}

describe('berth migrate --from', () => {
  const file = join(folder, 'containers.db')

  it('copies a file into the database of berth.yml, which can then be used', async () => {
    const before = await openAt(file, 'here')
    await use(before)
    await before.close()
    const { stdout, stderr } = await berth.run('migrate', '--from', file)
    assert.match(stdout, /^Copied \d+ rows from .*containers\.db to postgres:.*, and compared them\.\n$/, stderr)
    const contents = await contentsOf(file)
    assert.ok(contents.events.length > 500)
    assert.deepEqual(await contentsOf(url), contents)
    const store = await openAt(url, '')
    await store.end(['r3'], { outcome: 'released' }, NOW)
    await claimed(store, { id: 'r9' })
    const last = contents.events.at(-1)?.id ?? 0
    const more = await store.events({ after: last, limit: 10 })
    assert.deepEqual(
      more.map(({ id }) => id),
      more.map((_, index) => last + 1 + index),
    )
    assert.ok(more.length > 0)
    await store.close()
  })

  it('copies the secret, and refuses a target that has another one', async () => {
    const home = join(folder, 'secrets')
    mkdirSync(home)
    const from = join(home, 'from.db')
    await (await openAt(from, '')).close()
    const secret = `${'ab'.repeat(32)}\n`
    writeFileSync(`${from}-secret`, secret, { mode: 0o600 })
    const to = join(home, 'to.db')
    const copied = await berth.run('migrate', '--from', from, '--to', to)
    assert.match(copied.stdout, /^Copied /, copied.stderr)
    assert.equal(readFileSync(`${to}-secret`, 'utf8'), secret)
    const other = join(home, 'other.db')
    writeFileSync(`${other}-secret`, `${'cd'.repeat(32)}\n`, { mode: 0o600 })
    const refused = await berth.run('migrate', '--from', from, '--to', other)
    assert.match(refused.stderr, /the secrets in .*from\.db-secret and .*other\.db-secret differ; move .* away/)
  })

  it('refuses while a manager of either database is alive, wherever it serves', async () => {
    const from = join(folder, 'alive.db')
    const store = await openAt(from, 'elsewhere:9')
    const now = Date.now()
    const heartbeat = { version: '1', startedAt: now, seenAt: now, until: now + 60_000, clockOffset: 0 }
    await store.registerManager(heartbeat)
    const to = join(folder, 'not-copied.db')
    const refused = await berth.run('migrate', '--from', from, '--to', to)
    assert.match(refused.stderr, /a manager of .*alive\.db serves at elsewhere:9; stop it first, or wait \d+ s if/)
    await store.unregisterManager()
    await store.close()
    const copied = await berth.run('migrate', '--from', from, '--to', to)
    assert.match(copied.stdout, /^Copied /, copied.stderr)
  })

  it('copies back into a new file', async () => {
    const back = join(folder, 'back.db')
    const { stdout, stderr } = await berth.run('migrate', '--from', url, '--to', back)
    assert.match(stdout, /^Copied \d+ rows from postgres:/, stderr)
    assert.deepEqual(await contentsOf(back), await contentsOf(url))
  })

  it('refuses a database that has been used, a missing one, and one whose manager serves', async () => {
    const again = await berth.run('migrate', '--from', file)
    assert.match(again.stderr, /the target database already has rows in events; name an empty one/)
    const missing = await berth.run('migrate', '--from', join(folder, 'missing.db'))
    assert.match(missing.stderr, /there is no database .*missing\.db/)
    const listening = createServer().listen(port, '127.0.0.1')
    after(() => listening.close())
    await new Promise((resolve) => listening.once('listening', resolve))
    const serving = await berth.run('migrate', '--from', file, '--to', join(folder, 'other.db'))
    assert.match(
      serving.stderr,
      /a manager serves at 127\.0\.0\.1:\d+, and would continue with the old database; stop it first/,
    )
    listening.close()
  })
})
