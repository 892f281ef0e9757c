/** `berth doctor` on a real engine: what was changed behind the manager's back is found, and fixed. */
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { before, describe, it } from 'node:test'
import type { Diagnosis } from '../../src/doctor.ts'
import { testBerth } from '../support/manager/berth.ts'
import { docker } from '../../lab/docker.ts'
import { testManager } from '../../lab/manager.ts'

const manager = await testManager('doctor', { size: 3 })
const berth = testBerth({ BERTH_CONFIG: join(manager.folder, 'berth.yml') })
const place = (number: number) => `${manager.pool}-${number}`

before(async () => {
  await manager.start()
  await manager.untilReady()
})

async function diagnose(...options: string[]): Promise<Diagnosis & { code: number | null }> {
  const { code, stdout, stderr } = await berth.run('doctor', '--json', ...options)
  assert.ok(stdout !== '', stderr)
  return { code, ...(JSON.parse(stdout) as Diagnosis) }
}

/** What its containers bear. */
function databaseId(): string {
  const database = new DatabaseSync(join(manager.folder, 'containers.db'))
  const row = database.prepare('select id from database_identity').get()
  database.close()
  return String(row?.['id'])
}

async function untilAtRest(): Promise<void> {
  await manager.until('at rest', (all) => all.every(({ state }) => state === 'ready' || state === 'reserved'))
}

function told({ findings }: Diagnosis): string[] {
  return findings.map(({ kind, container }) => `${kind} ${container}`)
}

describe('berth doctor', () => {
  it('has nothing to say while all is well, and while a manager is busy', async () => {
    const well = await berth.run('doctor')
    assert.deepEqual(
      { code: well.code, stdout: well.stdout },
      { code: 0, stdout: 'No difference: 3 in the database, 3 in the engine.\n' },
    )
    await manager.reserve({ username: 'alice', count: 2 })
    void manager.get('/release_all')
    const { code, serving } = await diagnose()
    assert.deepEqual({ code, serving }, { code: 0, serving: true })
    await manager.untilReady()
  })

  it('finds what is missing, orphaned, wrongly labelled, in the wrong state and on the wrong port', async () => {
    await manager.reserve({ username: 'alice', count: 1 })
    await manager.kill()
    const [first, second, third] = [place(1), place(2), place(3)]
    const made = ['--label', `berth.database=${databaseId()}`]
    const instance = ['--label', `berth.instance=${manager.instance}`, '--label', `berth.pool=${manager.pool}`, ...made]
    await docker('rm', '--force', first)
    await docker('stop', '--time', '0', second)
    await docker('rm', '--force', third)
    const twin = ['--label', `berth.container=${third}`, '--label', 'berth.generation=99', '--label', 'berth.spec=none']
    await docker('run', '--detach', '--name', third, ...instance, ...twin, 'berth/box')
    const stray = ['--label', `berth.container=${manager.pool}-9`, '--name', `${manager.pool}-stray`]
    await docker('run', '--detach', ...instance, ...stray, 'berth/box')

    const found = await diagnose()
    assert.equal(found.code, 1)
    assert.equal(found.serving, false)
    const [a, b, c, d] = [`missing ${first}`, `state ${second}`, `labels ${third}`, `orphaned ${manager.pool}-9`]
    assert.deepEqual(told(found), [a, b, c, d])
    const people = await berth.run('doctor')
    assert.equal(people.code, 1)
    assert.match(
      people.stdout,
      new RegExp(`^${first} +missing +it is reserved in the database, and not in the engine$`, 'm'),
    )
    assert.match(
      people.stdout,
      new RegExp(`^${second} +state +it is ready in the database, and exited in the engine$`, 'm'),
    )
    assert.match(
      people.stdout,
      new RegExp(`^${third} +labels +the database has generation 1, .*, the engine has generation 99`, 'm'),
    )
    assert.match(people.stderr, /`berth doctor --fix` fixes this/)
    await docker('rm', '--force', `${manager.pool}-stray`)
  })

  it('fixes it as a manager would: the reservation keeps its container', async () => {
    const fixed = await diagnose('--fix')
    assert.equal(fixed.code, 0, JSON.stringify(fixed))
    assert.deepEqual(fixed.findings, [])
    assert.deepEqual(
      fixed.fixed.map(({ container }) => container),
      [place(1), place(2), place(3)],
    )
    await manager.start()
    const { body } = await manager.get<{ reserved: string[] }>('/available')
    assert.deepEqual(body.reserved, [place(1)])
  })

  it('leaves it to the manager that is serving', async () => {
    await docker('stop', '--time', '0', place(2))
    const { code, serving, findings } = await diagnose('--fix')
    assert.deepEqual({ code, serving, findings }, { code: 0, serving: true, findings: [] })
    // While it is being fixed there is no difference either: its row says so.
    await untilAtRest()
    assert.equal(await docker('inspect', '--format', '{{.State.Running}}', place(2)), 'true')
  })

  it('finds a port that is another one', async () => {
    // Otherwise the kill leaves something else half done, which is found, too.
    await untilAtRest()
    await manager.kill()
    const database = new DatabaseSync(join(manager.folder, 'containers.db'))
    database.prepare('update containers set port = port + 1000 where name = ?').run(place(3))
    database.close()
    const found = await diagnose()
    assert.deepEqual(told(found), [`port ${place(3)}`])
    assert.equal(found.code, 1)
  })

  it('says what it lacks: an engine, a database', async () => {
    const away = await berth.runWith({ env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' } }, 'doctor')
    assert.equal(away.code, 5, away.stderr)
    assert.match(away.stderr, /is Docker or Kubernetes running\?/)
    for (const end of ['', '-wal', '-shm']) rmSync(join(manager.folder, `containers.db${end}`), { force: true })
    const none = await berth.run('doctor')
    assert.equal(none.code, 2)
    assert.match(none.stderr, /there is no database .*containers\.db: no manager has served/)
  })
})
