/**
 * A manager that goes on from an earlier state of its database: what was lent since is left alone, what was held then
 * is kept.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { DatabaseSync } from 'node:sqlite'
import { testBerth } from '../support/manager/berth.ts'
import { docker } from '../../lab/docker.ts'
import { eventually } from '../../lab/eventually.ts'
import { installation } from '../support/manager/installation.ts'
import { newInstance } from '../../lab/instance.ts'
import type { Reserved, TestManager } from '../../lab/manager.ts'
import { loginAndRun } from '../support/ssh.ts'

const FILES = ['containers.db', 'containers.db-wal', 'containers.db-shm']

const idOf = (container: string) => docker('inspect', '--format', '{{.Id}}', container)
const loginOf = ({ username, password, containers }: Reserved) => ({
  username,
  password,
  port: containers[0]?.port ?? 0,
})

function copyDatabase(from: string, to: string): void {
  mkdirSync(to, { recursive: true })
  for (const file of FILES) {
    rmSync(join(to, file), { force: true })
    if (existsSync(join(from, file))) cpSync(join(from, file), join(to, file))
  }
}

/**
 * Each way to come to an earlier state; made while `kept` holds the first of three, and before `later` got the
 * second.
 */
const WAYS: readonly [what: string, copy: (manager: TestManager, to: string) => Promise<void>][] = [
  [
    'a copy made while the manager was stopped',
    async (manager, to) => {
      await manager.interrupt()
      copyDatabase(manager.folder, to)
      await manager.start()
    },
  ],
  [
    'a copy made while the manager was running, which is killed later',
    async ({ folder }, to) => copyDatabase(folder, to),
  ],
  [
    'a backup',
    async ({ folder }, to) => {
      mkdirSync(to)
      const berth = testBerth({ BERTH_CONFIG: join(folder, 'berth.yml') })
      const { code, stderr } = await berth.run('backup', join(to, 'containers.db'))
      assert.equal(code, 0, stderr)
    },
  ],
]

for (const [what, copy] of WAYS) {
  describe(what, async () => {
    const { instance, pool } = newInstance('restored')
    const manager = await installation('restored', { instance, pools: { [pool]: 3 } })

    it('lends nobody a container that was lent since, keeps what was held then, and serves the rest', async () => {
      await manager.start()
      await manager.untilReady()
      const kept = await manager.reserve({ username: 'kept' })
      const saved = join(manager.folder, 'saved')
      await copy(manager, saved)
      const later = await manager.reserve({ username: 'later' })
      const before = await Promise.all([1, 2, 3].map((number) => idOf(`${pool}-${number}`)))
      await manager.kill()
      copyDatabase(saved, manager.folder)
      await manager.start()
      // Asked before the manager has looked at the engine: the row says that the second is free.
      const next = await manager.reserve({ username: 'next' })
      assert.equal(next.containers[0]?.container, `${pool}-3`)
      assert.equal((await manager.get('/reserve?username=another')).status, 409)
      const left = (await manager.containers()).find(({ name }) => name === `${pool}-2`)
      assert.match(
        left?.error ?? '',
        /^left alone: it was lent to reservation .*, and this database has no record of that$/,
      )
      assert.deepEqual(await Promise.all([1, 2, 3].map((number) => idOf(`${pool}-${number}`))), before)
      for (const one of [kept, later, next])
        assert.equal((await loginAndRun(loginOf(one), 'whoami')).stdout, one.username)
      assert.match(await docker('exec', `${pool}-2`, 'cat', '/etc/passwd'), /^later:/m)
      assert.doesNotMatch(await docker('exec', `${pool}-2`, 'cat', '/etc/passwd'), /^next:/m)
      const { body } = await manager.get<{ status: string; reasons: string[] }>('/readyz')
      assert.match(body.reasons[0] ?? '', new RegExp(`^containers left alone.*: ${pool}-2; see berth doctor$`))
      await manager.get('/release_all')
      await manager.interrupt()
    })
  })
}

describe('a ledger that is lost', async () => {
  const { instance, pool } = newInstance('no-ledger')
  const manager = await installation('no-ledger', { instance, pools: { [pool]: 2 } })

  it('has every free container replaced before it is lent, and keeps what is held', async () => {
    await manager.start()
    await manager.untilReady()
    const kept = await manager.reserve({ username: 'kept' })
    const [held, free] = await Promise.all([1, 2].map((number) => idOf(`${pool}-${number}`)))
    await manager.kill()
    await docker('rm', '--force', `berth-guard-${instance}`)
    await docker('volume', 'rm', `berth-ledger-${instance}`)
    await manager.start()
    await eventually(async () => (await idOf(`${pool}-2`).catch(() => free)) !== free)
    await manager.until('full', (all) => all.every(({ state }) => state === 'ready' || state === 'reserved'))
    assert.equal(await idOf(`${pool}-1`), held)
    assert.equal((await loginAndRun(loginOf(kept), 'whoami')).stdout, 'kept')
    // The counter-probe: the record that is there keeps the free one.
    const again = await idOf(`${pool}-2`)
    await manager.kill()
    await manager.start()
    await manager.until('full', (all) => all.every(({ state }) => state === 'ready' || state === 'reserved'))
    assert.equal(await idOf(`${pool}-2`), again)
    await manager.get('/release_all')
    await manager.untilReady()
    await manager.interrupt()
  })
})

describe('an upgrade from a version without identities', async () => {
  const { instance, pool } = newInstance('upgrade')
  const manager = await installation('upgrade', { instance, pools: { [pool]: 3 } })

  /** The container with the labels that the version before gave it. The row is made to know it by its id. */
  async function asBefore(number: number, database: DatabaseSync): Promise<string> {
    const name = `${pool}-${number}`
    const [info] = JSON.parse(await docker('inspect', name)) as { Config: { Labels: Record<string, string> } }[]
    const labels = Object.entries(info?.Config.Labels ?? {}).filter(([key]) =>
      /^berth\.(?!database|origin|spec)/.test(key),
    )
    // With the account that is open in it.
    await docker('commit', name, `berth-test/${name}`)
    await docker('rm', '--force', name)
    const { port } = database.prepare('select port from containers where name = ?').get(name) as { port: number }
    const flags = labels.flatMap(([key, value]) => ['--label', `${key}=${value}`])
    const network = ['--network', `berth-${instance}-internet`, '--publish', `127.0.0.1:${port}:22`]
    // The image has those of the container that it was made of.
    const unmarked = ['--label', 'berth.database=', '--label', 'berth.origin=']
    const spec = [...unmarked, '--label', 'berth.spec=of-the-version-before', '--interactive', '--init']
    const id = await docker(
      'run',
      '--detach',
      '--name',
      name,
      '--hostname',
      name,
      ...flags,
      ...spec,
      ...network,
      `berth-test/${name}`,
    )
    database.prepare('update containers set engine_id = ? where name = ?').run(id, name)
    return id
  }

  it('keeps what is held usable to the end, and replaces what is free one after another', async () => {
    await manager.start()
    await manager.untilReady()
    const kept = await manager.reserve({ username: 'kept' })
    await manager.kill()
    const database = new DatabaseSync(join(manager.folder, 'containers.db'))
    const before = [await asBefore(1, database), await asBefore(2, database), await asBefore(3, database)]
    // As the migration leaves it.
    database.prepare('update database_identity set id = ?, ledger = null, instance = null').run(randomUUID())
    database.close()
    await docker('rm', '--force', `berth-guard-${instance}`)
    await docker('volume', 'rm', `berth-ledger-${instance}`)
    await manager.start()
    let fewest = 3
    await eventually(async () => {
      const all = await manager.containers()
      fewest = Math.min(fewest, all.filter(({ state }) => state === 'ready').length)
      const ids = await Promise.all([2, 3].map((number) => idOf(`${pool}-${number}`).catch(() => '')))
      return ids.every((id, nth) => id !== '' && id !== before[nth + 1])
    })
    assert.ok(fewest >= 1, 'one free container was there all the time')
    assert.equal(await idOf(`${pool}-1`), before[0])
    assert.equal((await loginAndRun(loginOf(kept), 'whoami')).stdout, 'kept')
    await manager.get('/release_all')
    await manager.untilReady()
    assert.notEqual(await idOf(`${pool}-1`), before[0])
    await manager.kill()
    for (const number of [1, 2, 3]) await docker('rmi', '--force', `berth-test/${pool}-${number}`)
  })
})
