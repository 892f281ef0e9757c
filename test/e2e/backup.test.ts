/** A copy of the database that is made while the manager is busy, and a manager that goes on from it. */
import assert from 'node:assert/strict'
import { copyFileSync, existsSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { testBerth } from '../support/manager/berth.ts'
import { type ContainerView, type Reserved, testManager } from '../../lab/manager.ts'
import { canLogIn, loginAndRun } from '../support/ssh.ts'

const manager = await testManager('backup', { size: 3 })
const berth = testBerth({ BERTH_CONFIG: join(manager.folder, 'berth.yml') })
const copy = join(manager.folder, 'copy.db')

before(async () => {
  await manager.start()
  await manager.untilReady()
})

const login = ({ username, password, containers }: Reserved) => ({
  port: containers[0]?.port ?? 0,
  username,
  password,
})

describe('berth backup', () => {
  it('copies the database while the manager serves; a manager that goes on from it has what was then, and no more', async () => {
    const kept = await manager.reserve({ username: 'kept' })
    const [{ code, stderr }] = await Promise.all([
      berth.run('backup', copy),
      manager.reserve({ username: 'meanwhile' }).catch(() => undefined),
    ])
    assert.equal(code, 0, stderr)
    assert.equal(statSync(copy).mode & 0o777, 0o600)
    await manager.get('/release_all')
    await manager.untilReady()
    const later = await manager.reserve({ username: 'later', count: 3 })
    await manager.kill()

    for (const end of ['', '-wal', '-shm']) rmSync(join(manager.folder, `containers.db${end}`), { force: true })
    copyFileSync(copy, join(manager.folder, 'containers.db'))
    await manager.start()
    await manager.until('said', (all) => all.every(({ error }) => error?.startsWith('left alone') === true))
    // In all three places somebody is in of whom the copy knows nothing.
    const doctor = await berth.run('doctor', '--fix')
    assert.equal(doctor.code, 1, doctor.stdout)
    assert.equal(await canLogIn(login(later)), true)
    const mended = await berth.run('doctor', '--fix', '--yes')
    assert.equal(mended.code, 0, mended.stdout)
    // The copy may have been made before or after the other reservation.
    const isWell = ({ state, error }: ContainerView) => (state === 'ready' || state === 'reserved') && error === null
    await manager.until('kept is in again', (all) => all.every(isWell))
    assert.equal((await loginAndRun(login(kept), 'whoami')).stdout, 'kept')
    assert.equal(await canLogIn(login(later)), false)
    await manager.get('/release_all')
    await manager.untilReady()
  })

  it('leaves alone what is there, and nothing half done behind', async () => {
    writeFileSync(copy, 'mine')
    const there = await berth.run('backup', copy)
    assert.deepEqual([there.code, statSync(copy).size], [2, 4])
    assert.match(there.stderr, /exists already; name a new file/)
    const nowhere = join(manager.folder, 'no', 'such', 'folder.db')
    const lost = await berth.run('backup', nowhere)
    assert.equal(lost.code, 2)
    assert.match(lost.stderr, /cannot be written/)
    assert.ok(!existsSync(`${nowhere}.unfinished`))
  })
})
