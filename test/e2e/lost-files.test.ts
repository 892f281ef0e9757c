/** What happens when the files of a database are removed: by `just clean`, and behind a manager's back. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runPlaybook } from '../../lab/ansible.ts'
import { eventually } from '../../lab/eventually.ts'
import { newInstance } from '../../lab/instance.ts'
import type { Reserved } from '../../lab/manager.ts'
import { DATABASE, idOf, loginOf, moveDatabase, stateOf, untilFull } from '../support/manager/databases.ts'
import { installation } from '../support/manager/installation.ts'
import { canLogIn } from '../support/ssh.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

describe('just clean', async () => {
  const { instance, pool } = newInstance('clean')
  const manager = await installation('clean', { instance, pools: { [pool]: 2 } })

  /** A checkout as far as `scripts/clean` looks at it, with the manager's database. */
  function checkout(): string {
    const folder = mkdtempSync(join(tmpdir(), 'berth-clean-'))
    after(() => rmSync(folder, { recursive: true, force: true }))
    mkdirSync(join(folder, 'scripts'))
    cpSync(join(ROOT, 'scripts/clean'), join(folder, 'scripts/clean'))
    return folder
  }

  function clean(folder: string, env: NodeJS.ProcessEnv = {}) {
    return spawnSync(join(folder, 'scripts/clean'), { encoding: 'utf8', env: { ...process.env, ...env } })
  }

  it('and a new start give a full pool without a question, also where somebody was in', async () => {
    await manager.start()
    await untilFull(manager)
    const tess = await manager.reserve({ username: 'tess' })
    const before = await idOf(`${pool}-1`)
    const folder = checkout()
    for (const file of DATABASE.slice(0, 1)) writeFileSync(join(folder, file), '')
    await manager.kill()
    moveDatabase(manager.folder, folder)
    const { status, stdout, stderr } = clean(folder)
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
    assert.match(stdout, /just setup unprovision/)
    await manager.start()
    await manager.untilReady()
    assert.notEqual(await idOf(`${pool}-1`), before)
    assert.equal(await canLogIn(loginOf(tess)), false)
    await manager.kill()
  })

  it('works twice, without a database, and says what it means when the engine does not answer', async () => {
    const folder = checkout()
    for (const built of ['node_modules', 'dist', 'web/dist']) mkdirSync(join(folder, built), { recursive: true })
    assert.equal(clean(folder).status, 0)
    assert.deepEqual(readdirSync(folder).toSorted(), ['scripts', 'web'])
    assert.deepEqual(readdirSync(join(folder, 'web')), [])
    moveDatabase(manager.folder, folder)
    const away = clean(folder, { DOCKER_HOST: 'unix:///nowhere/docker.sock' })
    assert.equal(away.status, 0)
    assert.match(away.stderr, /Could not record in the engine/)
    assert.equal(clean(folder).status, 0)
  })

  it('without it, the same is left alone', async () => {
    // Nothing of the database before was lent when its removal went unnoticed: those are replaced.
    await manager.start()
    await manager.untilReady()
    await manager.reserve({ username: 'tess' })
    const before = await idOf(`${pool}-1`)
    await manager.kill()
    for (const file of DATABASE) rmSync(join(manager.folder, file), { force: true })
    await manager.start()
    await eventually(async () => (await stateOf(manager, `${pool}-1`))?.state === 'broken')
    assert.equal(await idOf(`${pool}-1`), before)
    await manager.interrupt()
  })

  it('and just unprovision refuse while a manager serves, and remove nothing', async () => {
    await manager.start()
    // A ready manager is recorded as alive in the engine. Its containers are ready before, from the earlier run.
    await eventually(async () => (await manager.get('/readyz')).status === 200)
    const before = await idOf(`${pool}-2`)
    const folder = checkout()
    // The same database under another path: what counts is its identity.
    for (const file of DATABASE) cpSync(join(manager.folder, file), join(folder, file))
    const { status, stderr } = clean(folder)
    assert.equal(status, 1)
    assert.match(stderr, /A manager is serving containers\.db: stop it first\. Nothing was removed\./)
    assert.ok(existsSync(join(folder, 'containers.db')))
    await assert.rejects(
      runPlaybook('unprovision', join(manager.folder, 'berth.yml')),
      ({ stdout }: { stdout: string }) => stdout.includes('stop it first. Nothing was removed.'),
    )
    assert.equal(await idOf(`${pool}-2`), before)
    await manager.interrupt()
    await runPlaybook('unprovision', join(manager.folder, 'berth.yml'))
    await assert.rejects(idOf(`${pool}-2`))
  })
})

describe('a database file that is removed while a manager serves it', async () => {
  const { instance, pool } = newInstance('removed')
  const manager = await installation('removed', { instance, pools: { [pool]: 2 } })
  const file = join(manager.folder, 'containers.db')

  it('stops new reservations and readiness with the reason, and ends access on time', async () => {
    await manager.start()
    await untilFull(manager)
    const body = { username: 'tess', password: 'a password of hers', keepalive: '10s' }
    const tess = (await manager.send('POST', '/v1/reservations', body)).body as Reserved
    const login = { ...loginOf(tess), password: body.password }
    assert.equal(await canLogIn(login), true)
    renameSync(file, `${file}.moved`)
    const refused = await manager.get<{ message: string }>('/reserve?username=bob')
    assert.equal(refused.status, 503)
    assert.match(JSON.stringify(refused.body), /the database cannot be used: .* was removed while this process used it/)
    await eventually(async () => (await manager.get('/readyz')).status === 503)
    await eventually(async () => !(await canLogIn(login)))
  })

  it('works again when it is put back', async () => {
    renameSync(`${file}.moved`, file)
    await manager.untilReady()
    assert.equal((await manager.get('/reserve?username=bob')).status, 200)
    await manager.get('/release_all')
    await manager.untilReady()
    await manager.interrupt()
  })
})
