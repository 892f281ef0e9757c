import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Store } from '../../src/ports/store.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { backupSqlite } from '../../src/store/sqlite/backup.ts'
import { openSecret, secretFileOf } from '../../src/store/secret-file.ts'
import { connectSqlite } from '../../src/store/sqlite/driver.ts'
import { NOW } from '../../lab/rows.ts'
import { storeContract } from './store.ts'
import { doorsContract } from './store-doors.ts'
import { managersContract } from './store-managers.ts'
import { sharedViewContract } from './store-shared-view.ts'
import { claimOf } from '../../lab/claims.ts'
import { nextMessage, startForked } from '../support/manager/forked.ts'
import { claimed, fill } from './store-bench.ts'

const folder = mkdtempSync(join(tmpdir(), 'berth-store-'))
after(() => rmSync(folder, { recursive: true }))

let files = 0
const freshFile = () => join(folder, `${++files}.db`)

/** Behind the store's back. */
function sql<T>(file: string, work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(file)
  try {
    return work(database)
  } finally {
    database.close()
  }
}

storeContract('SQLite in memory', () => openSqlite(':memory:'))
storeContract('SQLite in a file', () => openSqlite(freshFile()))

for (const contract of [managersContract, sharedViewContract, doorsContract]) {
  contract('SQLite', async () => {
    const file = freshFile()
    return (address) => openSqlite(file, address)
  })
}

describe('a SQLite file', () => {
  it('keeps everything', async () => {
    const file = freshFile()
    const first = await openSqlite(file)
    await fill(first, 5)
    await first.recordPoolFacts('p', { os: 'Alpine', names: ['root'] })
    await claimed(first, { count: 2 })
    await first.activate('r1', NOW)
    await claimed(first, { id: 'r2' })
    await claimed(first, { id: 'r3' })
    await first.end(['r3'], { outcome: 'failed' }, NOW)
    await first.finish('r3', NOW)
    const everything = async (store: typeof first) =>
      [await store.snapshot(), await store.poolFacts(), await store.reservation('r3')] as const
    const before = await everything(first)
    await first.close()
    const second = await openSqlite(file)
    assert.deepEqual(await everything(second), before)
    assert.equal(before[0].reservations.length, 2)
    await second.close()
  })

  it('gives no container twice to processes that claim at the same time', async () => {
    const file = freshFile()
    const store = await openSqlite(file)
    await fill(store, 60)
    await store.close()
    const script = fileURLToPath(new URL('store-claimer.ts', import.meta.url))
    const claimers = ['a', 'b', 'c'].map((name) => startForked(script, file, name))
    await Promise.all(claimers.map(nextMessage))
    const reports = claimers.map(nextMessage)
    for (const claimer of claimers) claimer.send('go')
    const won = (await Promise.all(reports)).flat()
    assert.equal(won.length, 60)
    assert.equal(new Set(won).size, 60)
  })

  it('is read while another process writes, and written to when that has finished, without a pause of everything', async () => {
    const file = freshFile()
    const store = await openSqlite(file)
    await fill(store, 1)
    const other = new DatabaseSync(file)
    other.exec("begin immediate; update containers set state = 'broken'")
    assert.equal((await store.snapshot()).containers[0]?.state, 'ready')
    assert.equal(await store.latestEvent(), 1)
    let written = false
    const writing = claimed(store).catch(() => (written = true))
    const began = performance.now()
    await sleep(50)
    assert.equal(written, false)
    assert.ok(performance.now() - began < 1_000, 'nothing else went on meanwhile')
    other.exec('commit')
    other.close()
    await writing
    assert.equal(written, true, 'it has seen what the other one wrote')
    await store.close()
  })

  it('allows one open hold per container, whatever the code above does', async () => {
    const file = freshFile()
    const store = await openSqlite(file)
    await fill(store, 2)
    await claimed(store)
    await claimed(store, { id: 'r2' })
    const insert = (open: string) =>
      `insert into holds (reservation_id, container, current) values ('r2', 'p-1', ${open})`
    sql(file, (database) => {
      assert.throws(() => database.exec(insert('1')), /UNIQUE constraint failed: holds\.container/)
      assert.throws(() => database.exec(insert('0')), /CHECK constraint failed/)
      database.exec(insert('null'))
    })
    await store.close()
  })

  it('is opened so that nothing that was answered is lost, and nothing refers to nothing', async (t) => {
    const connections = new Set<DatabaseSync>()
    const { prepare } = DatabaseSync.prototype
    t.mock.method(DatabaseSync.prototype, 'prepare', function (this: DatabaseSync, text: string) {
      connections.add(this)
      return prepare.call(this, text)
    })
    const store = await openSqlite(freshFile())
    const [connection, ...others] = connections
    assert.ok(connection && others.length === 0)
    const pragma = (name: string) => Object.values(prepare.call(connection, `pragma ${name}`).get() ?? {})[0]
    const FULL = 2
    assert.equal(pragma('journal_mode'), 'wal')
    assert.equal(pragma('synchronous'), FULL)
    assert.equal(pragma('foreign_keys'), 1)
    assert.equal(pragma('busy_timeout'), 5_000)
    const orphan = "insert into holds (reservation_id, container, current) values ('nobody', 'p-1', 1)"
    assert.throws(() => connection.exec(orphan), /FOREIGN KEY constraint failed/)
    await store.close()
  })

  it('is read through its partial indexes, so that a long history slows nothing down', async (t) => {
    const file = freshFile()
    // Migrations may look at everything.
    await (await openSqlite(file)).close()
    // Each statement is prepared once.
    const prepared = t.mock.method(DatabaseSync.prototype, 'prepare')
    const store = await openSqlite(file)
    await fill(store, 1)
    await store.snapshot()
    await claimed(store, { quota: 5 })
    await store.end(['r1'], { outcome: 'released' }, NOW)
    await store.finish('r1', NOW)
    assert.equal((await store.prune(NOW + 1, 5)).reservations, 1)
    const texts = new Set(
      prepared.mock.calls.map((call) => call.arguments[0]).filter((text) => /^(select|update|delete) /.test(text)),
    )
    prepared.mock.restore()
    await store.close()
    const plans = sql(file, (database) =>
      [...texts].flatMap((text) =>
        database
          .prepare(`explain query plan ${text}`)
          .all()
          .map(({ detail }) => detail),
      ),
    )
    const scanned = plans.filter((detail) => /^SCAN (reservations|holds|requests)$/.test(String(detail)))
    assert.deepEqual(scanned, [])
    assert.match(plans.join('\n'), /reservations_open/)
    assert.match(plans.join('\n'), /containers_ready/)
    assert.match(plans.join('\n'), /reservations_owned/)
    assert.match(plans.join('\n'), /requests_reservation/)
  })

  it('of a newer version is refused, let go of, and left as it is', async () => {
    const file = freshFile()
    const store = await openSqlite(file)
    await fill(store, 1)
    await store.close()
    sql(file, (database) => database.exec("insert into kysely_migration values ('9999-later', '2999-01-01')"))
    const message = 'the database was written by a newer Berth (9999-later); upgrade Berth to use it'
    await assert.rejects(openSqlite(file), { code: 'schema_too_new', message })
    assert.ok(!existsSync(`${file}-wal`), 'the file is still open')
    sql(file, (database) => database.exec("delete from kysely_migration where name = '9999-later'"))
    const again = await openSqlite(file)
    assert.equal((await again.snapshot()).containers.length, 1)
    await again.close()
  })

  it('that cannot be one is refused with the reason', async () => {
    const text = freshFile()
    writeFileSync(text, 'not a database at all, but long enough to be looked at: '.repeat(20))
    const refusals = [
      [
        join(folder, 'nowhere', 'x.db'),
        /^the database .*nowhere\/x\.db cannot be used: ENOENT: no such file or directory, open /,
      ],
      [text, /cannot be used: file is not a database$/],
    ] as const
    for (const [file, message] of refusals) {
      await assert.rejects(openSqlite(file), { code: 'invalid_config', message })
    }
  })

  it('is safe from text that looks like SQL', async () => {
    const store = await openSqlite(':memory:')
    await fill(store, 1)
    const username = `'; drop table containers; --`
    const held = await store.claim(claimOf({ username, passwordHash: `"'\\` }), NOW)
    assert.ok(held.kind === 'claimed' && held.result.reservation.username === username)
    assert.equal((await store.snapshot()).containers.length, 1)
    await store.close()
  })
})

describe('the files of a database', () => {
  const NOBODY = 65_534
  const NOT_ROOT = process.getuid?.() !== 0 && 'only root may give a file to another user'
  const modeOf = (file: string) => (statSync(file).mode & 0o777).toString(8)
  const all = (file: string) => [file, `${file}-wal`, `${file}-shm`]

  for (const umask of [0o000, 0o022, 0o777]) {
    it(`are their owner's alone from the first moment, with umask ${umask.toString(8).padStart(3, '0')}`, async () => {
      const seen = new Set<string>()
      const file = freshFile()
      const before = process.umask(umask)
      // Each change in the folder is looked at before the next statement runs there.
      const program = `
        const { openSqlite } = await import(${JSON.stringify(new URL('../../src/store/sqlite/open.ts', import.meta.url).href)})
        const { statSync } = await import('node:fs')
        const { DatabaseSync } = await import('node:sqlite')
        const exec = DatabaseSync.prototype.exec
        DatabaseSync.prototype.exec = function (...args) {
          for (const file of ${JSON.stringify(all(file))}) try { console.log((statSync(file).mode & 0o777).toString(8)) } catch {}
          return exec.apply(this, args)
        }
        await (await openSqlite(${JSON.stringify(file)})).close()`
      const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
        encoding: 'utf8',
      })
      process.umask(before)
      for (const mode of stdout.trim().split('\n')) seen.add(mode)
      assert.deepEqual([...seen], ['600'], stderr)
    })
  }

  it('become so where they were open to all', async () => {
    const file = freshFile()
    const first = await openSqlite(file)
    for (const each of all(file)) chmodSync(each, 0o644)
    const second = await openSqlite(file)
    assert.deepEqual(all(file).map(modeOf), ['600', '600', '600'])
    await second.close()
    await first.close()
  })

  it('are not changed where they are no database', async () => {
    const directory = freshFile()
    mkdirSync(directory, { mode: 0o755 })
    await assert.rejects(openSqlite(directory), /cannot be used: it is not a file/)
    assert.equal(modeOf(directory), '755')
    const text = freshFile()
    writeFileSync(text, 'root:x:0:0:root:/root:/bin/bash\n'.repeat(40), { mode: 0o644 })
    await assert.rejects(openSqlite(text), /cannot be used: file is not a database/)
    assert.equal(modeOf(text), '644')
  })

  it('are refused where another user has made them first', { skip: NOT_ROOT }, async () => {
    const file = freshFile()
    await (await openSqlite(file)).close()
    chownSync(file, NOBODY, NOBODY)
    await assert.rejects(openSqlite(file), /cannot be used: it belongs to another user \(uid 65534\)/)
    chownSync(file, 0, 0)
    await (await openSqlite(file)).close()
    openSecret(secretFileOf(file))
    chownSync(secretFileOf(file), NOBODY, NOBODY)
    assert.throws(() => openSecret(secretFileOf(file)), /it belongs to another user \(uid 65534\): chown/)
  })

  it('keep the locks of this process when they are opened once more', async () => {
    const file = freshFile()
    const first = await openSqlite(file)
    sql(file, (database) => {
      database.exec('begin immediate')
      makePrivateAgain(file)
      const other = `const { DatabaseSync } = await import('node:sqlite'); new DatabaseSync(${JSON.stringify(file)}).exec('begin immediate')`
      const tried = spawnSync(process.execPath, ['--input-type=module', '--eval', other], { encoding: 'utf8' })
      assert.match(tried.stderr, /database is locked/)
      database.exec('rollback')
    })
    await first.close()
  })
})

/** As opening a store does, before SQLite does. */
function makePrivateAgain(file: string): void {
  connectSqlite(file).database.close()
}

describe('a backup', () => {
  it('is never written through what others put in its place', async () => {
    const file = freshFile()
    await (await openSqlite(file)).close()
    const copy = freshFile()
    const target = freshFile()
    // What the version before wrote into, and a link that leads nowhere yet.
    symlinkSync(target, `${copy}.unfinished`)
    await backupSqlite(file, copy)
    assert.equal(existsSync(target), false)
    assert.equal((statSync(copy).mode & 0o777).toString(8), '600')
    const link = freshFile()
    symlinkSync(target, link)
    await assert.rejects(backupSqlite(file, link), /cannot be written/)
    assert.equal(existsSync(target), false)
    const left = readdirSync(folder).filter((name) => name.startsWith('.berth-backup-'))
    assert.deepEqual(left, [], 'nothing unfinished is left')
    // The link would have led there.
    writeFileSync(link, '')
    assert.equal(existsSync(target), true)
  })
})

describe('a reservation that has ended', () => {
  const HASH = '$6$rounds=5000$saltsaltsalt$hash-that-must-go'
  const KEY = 'ssh-ed25519 AAAAkey-that-must-go alice@laptop'
  const isIn = (file: string, text: string) =>
    [file, `${file}-wal`].some((each) => existsSync(each) && readFileSync(each).includes(text))

  for (const [how, end] of Object.entries({
    released: async (store: Store): Promise<void> => void (await store.end(['r1'], { outcome: 'released' }, NOW + 1)),
    'released and finished': async (store: Store): Promise<void> => {
      await store.end(['r1'], { outcome: 'expired' }, NOW + 1)
      await store.finish('r1', NOW + 2)
    },
    'cancelled while it waited': async (store: Store): Promise<void> =>
      void (await store.end(['r2'], { outcome: 'released' }, NOW + 1)),
  })) {
    it(`${how}: neither its hash nor its keys are in the database any more, or in its file`, async () => {
      const file = freshFile()
      const store = await openSqlite(file)
      await fill(store, 1)
      const secrets = { passwordHash: HASH, sshKeys: [KEY] }
      const waits = how.includes('waited')
      await claimed(store, { id: 'r1', ...(waits ? {} : secrets) })
      if (waits) await store.claim(claimOf({ id: 'r2', ...secrets, waitUntil: NOW + 60_000 }), NOW)
      else await store.activate('r1', NOW)
      // While it is open, a container that is lost gets the account again.
      for (const text of [HASH, KEY]) assert.ok(isIn(file, text), text)
      await end(store)
      const { passwordHash, sshKeys } = (await store.reservation(waits ? 'r2' : 'r1')) ?? {}
      assert.deepEqual({ passwordHash, sshKeys }, { passwordHash: null, sshKeys: [] })
      await store.close()
      for (const text of [HASH, KEY]) assert.equal(isIn(file, text), false, text)
    })
  }
})

describe('the secret of the managers of a database', () => {
  it('is made once, for its owner alone, and is the same for all', () => {
    const file = freshFile()
    const secret = openSecret(secretFileOf(file))
    assert.equal(secret.length, 32)
    assert.deepEqual(openSecret(secretFileOf(file)), secret)
    assert.equal((statSync(secretFileOf(file)).mode & 0o777).toString(8), '600')
    assert.notDeepEqual(openSecret(secretFileOf(freshFile())), secret)
  })

  it('is refused where others may read or have written it, with what to do', () => {
    const file = freshFile()
    openSecret(secretFileOf(file))
    chmodSync(secretFileOf(file), 0o644)
    assert.throws(() => openSecret(secretFileOf(file)), /it is open to others: chmod 600$/)
    chmodSync(secretFileOf(file), 0o600)
    writeFileSync(secretFileOf(file), 'secret\n')
    assert.throws(
      () => openSecret(secretFileOf(file)),
      /its content is not a secret that Berth generated: restore it from a backup/,
    )
  })
})
