/** Containers of one instance that another database has made: left alone, whatever happens to that database. */
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import type { Diagnosis } from '../../src/doctor.ts'
import { testBerth } from '../support/manager/berth.ts'
import { DATABASE, idOf, loginOf, moveDatabase, stateOf, untilFull } from '../support/manager/databases.ts'
import { docker } from '../../lab/docker.ts'
import { eventually } from '../../lab/eventually.ts'
import { installation } from '../support/manager/installation.ts'
import { newInstance } from '../../lab/instance.ts'
import { TestManager } from '../../lab/manager.ts'
import { reservePorts } from '../../lab/ports.ts'
import { login, loginAndRun } from '../support/ssh.ts'

describe('two managers of one instance, each with a database of its own', async () => {
  const { instance, pool } = newInstance('two-managers')
  const a = await installation('two-a', { instance, pools: { [`${pool}-a`]: 2 } })
  const b = await installation('two-b', { instance, pools: { [`${pool}-b`]: 1, [`${pool}-a`]: 1 } })

  it('serve their own pools, and never touch what the other one has, in either direction', async () => {
    await a.start()
    await untilFull(a)
    const theirs = await a.reserve({ username: 'tess' })
    const session = await login(loginOf(theirs))
    const before = await Promise.all([1, 2].map((number) => idOf(`${pool}-a-${number}`)))
    await b.start()
    await b.until('its own pool is full', (all) => all.some((c) => c.name === `${pool}-b-1` && c.state === 'ready'))
    await b.shows(/are left alone, and 1 slot is out of use/)
    const blocked = await stateOf(b, `${pool}-a-1`)
    assert.equal(blocked?.state, 'broken')
    assert.match(
      blocked?.error ?? '',
      /left alone: it belongs to the database .*containers\.db, which a manager is serving/,
    )
    const own = await b.reserve({ username: 'bob', pool: `${pool}-b` })
    assert.equal((await loginAndRun(loginOf(own), 'whoami')).stdout, 'bob')
    // A's manager sees B's containers as well.
    await a.get('/v1/containers')
    await a.kill()
    await a.start()
    await untilFull(a)
    assert.deepEqual(await Promise.all([1, 2].map((number) => idOf(`${pool}-a-${number}`))), before)
    assert.equal((await loginAndRun(loginOf(theirs), 'whoami')).stdout, 'tess')
    assert.equal((await loginAndRun(loginOf(own), 'whoami')).stdout, 'bob')
    session.close()
  })

  it('are not taken over by berth doctor --fix while the other one is alive', async () => {
    const berth = testBerth({ BERTH_CONFIG: join(b.folder, 'berth.yml') })
    const before = await idOf(`${pool}-a-1`)
    const { code, stdout } = await berth.run('doctor', '--json', '--fix', '--yes')
    assert.equal(code, 1)
    const { findings } = JSON.parse(stdout) as Diagnosis
    assert.deepEqual([...new Set(findings.map(({ kind }) => kind))], ['foreign'])
    assert.equal(await idOf(`${pool}-a-1`), before)
    await a.get('/release_all')
    await b.get('/release_all')
    await Promise.all([a.interrupt(), b.interrupt()])
  })
})

describe('a database that is not there any more', async () => {
  const { instance, pool } = newInstance('lost')
  const manager = await installation('lost', { instance, pools: { [pool]: 2 } })
  const berth = testBerth({ BERTH_CONFIG: join(manager.folder, 'berth.yml') })
  const [lent, free] = [`${pool}-1`, `${pool}-2`]

  it('leaves a session alone that a new one knows nothing of, also where root inside has removed every trace', async () => {
    await manager.start()
    await untilFull(manager)
    const mallory = await manager.reserve({ username: 'mallory' })
    const session = await login(loginOf(mallory))
    const hide =
      "sed -i 's/^mallory:x:[0-9]*:/games2:x:0:/' /etc/passwd; rm -f /var/lib/berth-taken; (exec -a hidden sleep 1000) &"
    await docker('exec', '--detach', lent, 'bash', '-c', hide)
    const before = await idOf(lent)
    const unlent = await idOf(free)
    await manager.kill()
    moveDatabase(manager.folder, join(manager.folder, 'elsewhere'))
    await manager.start()
    await manager.until('the free place is served again', (all) =>
      all.some(({ name, state }) => name === free && state === 'ready'),
    )
    assert.notEqual(await idOf(free), unlent, 'what was never lent is replaced without a question')
    assert.equal(await idOf(lent), before)
    const left = await stateOf(manager, lent)
    assert.match(left?.error ?? '', /^left alone: an earlier database at .*containers\.db has lent it/)
    const [one, two] = await Promise.all(
      ['victim1', 'victim2'].map((username) => manager.get(`/reserve?username=${username}`)),
    )
    assert.deepEqual(new Set([one?.status, two?.status]), new Set([200, 409]))
    assert.match(await docker('top', lent), /hidden/)
    session.close()
  })

  it('says so in berth doctor, and --fix needs a yes', async () => {
    const { code, stdout, stderr } = await berth.run('doctor')
    assert.equal(code, 1)
    assert.match(stdout, new RegExp(`^${lent} +foreign +an earlier database at .* has lent it`, 'm'))
    assert.match(stderr, /"instance:" in berth\.yml/)
    const before = await idOf(lent)
    const refused = await berth.run('doctor', '--fix')
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /Left alone: .*\. "berth doctor --fix --yes" replaces them/)
    assert.equal(await idOf(lent), before)
    const { shown } = await berth.inTerminalWith({ at: /\[y\/N\]/, type: 'n\r' }, 'doctor', '--fix')
    assert.match(shown, /A tenant may be logged in/)
    assert.equal(await idOf(lent), before)
    const fixed = await berth.run('doctor', '--fix', '--yes')
    assert.equal(fixed.code, 0, fixed.stdout + fixed.stderr)
    await manager.until('served again', (all) => all.some(({ name, state }) => name === lent && state === 'ready'))
    assert.notEqual(await idOf(lent), before)
  })

  it('comes back, and what the one in its place has made and never lent is replaced', async () => {
    await manager.get('/release_all')
    await manager.untilReady()
    await manager.interrupt()
    const before = await idOf(free)
    moveDatabase(manager.folder, join(manager.folder, 'second'))
    moveDatabase(join(manager.folder, 'elsewhere'), manager.folder)
    await manager.start()
    await eventually(async () => (await idOf(free).catch(() => before)) !== before)
    await manager.get('/release_all')
    await manager.untilReady()
    await manager.interrupt()
  })
})

describe('a folder that was copied', async () => {
  const { instance, pool } = newInstance('copied')
  const original = await installation('copied', { instance, pools: { [pool]: 2 } })

  it('and started beside the original does not touch what the original has, though it knows all of it', async () => {
    await original.start()
    await untilFull(original)
    const tess = await original.reserve({ username: 'tess', duration: 5 })
    const ids = await Promise.all([1, 2].map((number) => idOf(`${pool}-${number}`)))
    const folder = mkdtempSync(join(tmpdir(), 'copy-'))
    after(() => rmSync(folder, { recursive: true }))
    cpSync(original.folder, folder, { recursive: true })
    const [port = 0] = await reservePorts(1)
    const url = `http://127.0.0.1:${port}`
    const copy = new TestManager(instance, pool, folder, url, { BERTH_LISTEN: `127.0.0.1:${port}` })
    after(() => copy.kill())
    await copy.start()
    await copy.shows(/this database is a copy/)
    await copy.until('says whose they are', (all) =>
      all.every(({ error }) => /which a manager is serving/.test(error ?? '')),
    )
    await copy.get('/release_all')
    assert.equal((await copy.get('/reserve?username=bob')).status, 409)
    await copy.kill()
    assert.deepEqual(await Promise.all([1, 2].map((number) => idOf(`${pool}-${number}`))), ids)
    assert.equal((await loginAndRun(loginOf(tess), 'whoami')).stdout, 'tess')
  })

  it('goes on as the original where that does not live any more', async () => {
    const [tess] = (await original.get<{ reservations: { username: string }[] }>('/v1/reservations?state=active')).body
      .reservations
    assert.equal(tess?.username, 'tess')
    await original.kill()
    const before = await idOf(`${pool}-1`)
    const kept = join(original.folder, 'kept')
    mkdirSync(kept)
    for (const file of DATABASE) cpSync(join(original.folder, file), join(kept, file), { force: true })
    moveDatabase(original.folder, join(original.folder, 'gone'))
    moveDatabase(kept, original.folder)
    await original.start()
    await untilFull(original)
    assert.equal(await idOf(`${pool}-1`), before)
    assert.equal((await stateOf(original, `${pool}-1`))?.state, 'reserved')
    await original.get('/release_all')
    await untilFull(original)
    await original.kill()
  })
})
