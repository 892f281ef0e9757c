/**
 * What containers are made of runs out: the image is removed, the disk is full, a port is taken, the database has no
 * room.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { eventually } from '../../lab/eventually.ts'
import { cannotHaveEngine, privateEngine } from '../support/engine/private-engine.ts'
import { tried } from '../../lab/proof.ts'
import { canLogIn, login, loginAndRun } from '../support/ssh.ts'
import { type TwoPools, twoPools } from '../support/manager/two-pools.ts'

const exec = promisify(execFile)
const skip = cannotHaveEngine()

describe('something runs out', { skip }, async () => {
  if (skip !== false) return
  const engine = await privateEngine()
  const folder = await smallDisk()
  const pools = await twoPools('shortage', { size: 2, engine, folder })
  const { manager } = pools
  await manager.start()
  await manager.untilReady()
  const bystander = await pools.holdBystander()

  /** Lends and releases a container, whose successor cannot be made for this reason. */
  async function failsToRecycle(why: RegExp): Promise<void> {
    const held = await pools.reserve('alice')
    assert.equal(await pools.releaseAll(), 200)
    assert.equal(await canLogIn(pools.loginOf(held)), false)
    const name = pools.place(1)
    await manager.until('told why', (all) => all.some((c) => c.name === name && why.test(c.error ?? '')))
    const { state, attempts } = await pools.container(name)
    assert.ok(['creating', 'broken', 'removing'].includes(state) && attempts > 0, `${state} after ${attempts}`)
  }

  /** The other slot of the pool is lent meanwhile; a second request is refused, and takes nothing. */
  async function othersGoOn(): Promise<void> {
    const other = await pools.reserve('bob')
    assert.equal(other.containers[0]?.container, pools.place(2))
    assert.equal((await loginAndRun(pools.loginOf(other), 'whoami')).stdout, 'bob')
    const { status, error } = await pools.refusal('carol')
    assert.deepEqual([status, error], [409, 'Only 0 containers available'])
    await bystander.untouched()
  }

  async function heals(): Promise<void> {
    assert.equal(await pools.releaseAll(), 200)
    await pools.untilReady()
    assert.ok((await manager.containers()).every(({ error }) => error === null))
    await bystander.untouched()
    await pools.soundly()
  }

  test("While the image is missing, the container's error names it and how to get it, other containers are lent, and the pool recovers afterwards", async (t) => {
    const image = join(folder, '..', `${manager.instance}.tar`)
    await engine.docker('save', '--output', image, 'berth/box')
    await engine.docker('rmi', '--force', 'berth/box')
    await failsToRecycle(/No such image: berth\/box.*"just image".*"docker pull"/)
    await othersGoOn()
    await engine.docker('load', '--input', image)
    rmSync(image)
    await heals()
    tried(t, 1, 'images removed')
  })

  test("While another program has its port, the container's error names the port, other containers are lent, and the pool recovers afterwards", async (t) => {
    const port = String(
      (await manager.get<{ containers: { name: string; port: number }[] }>('/v1/containers')).body.containers.find(
        (c) => c.name === pools.place(1),
      )?.port,
    )
    const held = await pools.reserve('alice')
    // It waits until the port is free.
    const squatter = engine.within('node', '-e', squat(engine.host, port)).catch(() => '')
    await sleep(300)
    assert.equal(await pools.releaseAll(), 200)
    assert.equal(await canLogIn(pools.loginOf(held)), false)
    await manager.until('told why', (all) =>
      all.some((c) => c.name === pools.place(1) && new RegExp(`${port}.*in use`).test(c.error ?? '')),
    )
    await othersGoOn()
    await engine.within('sh', '-c', 'kill $(cat /run/squatter.pid)')
    await squatter
    await heals()
    tried(t, 1, 'ports taken')
  })

  test("While Docker's disk is full, the container's error says so, access still ends on time, and the pool recovers afterwards", async (t) => {
    const leaving = await pools.reserve('leaving')
    const session = await login(pools.loginOf(leaving))
    await engine.fill()
    const at = pools.expireSoon('leaving', 1_000)
    await session.closed
    assert.ok(Date.now() - at < 6_000, `cut off ${Date.now() - at} ms after its row was changed`)
    assert.equal(await canLogIn(pools.loginOf(leaving)), false)
    await manager.until('told why', (all) =>
      all.some((c) => c.name === pools.place(1) && /no space left/i.test(c.error ?? '')),
    )
    assert.equal((await loginAndRun(bystander.login, 'whoami')).stdout, 'bystander', 'who is in stays in')
    await engine.empty()
    await heals()
    tried(t, 1, 'disks filled')
  })

  test("While the database's disk is full, a reserve fails with that reason and takes nothing, access still ends on time, and work resumes afterwards", async (t) => {
    const leaving = await pools.reserve('leaving')
    const session = await login(pools.loginOf(leaving))
    pools.expireSoon('leaving', 4_000)
    await fillUp(folder)
    await untilFull(pools)
    await session.closed
    assert.equal(await canLogIn(pools.loginOf(leaving)), false, 'cut off, though that cannot be written down')
    const before = await manager.get<{ available: string[] }>('/available')
    const { status, error } = await pools.refusal('dave')
    assert.equal(status, 503, error)
    assert.match(error, /the database cannot be used: its disk is full/)
    assert.deepEqual((await manager.get('/available')).body, before.body, 'nothing is taken')
    await bystander.untouched()
    await eventually(async () => /nothing can be written/.test(JSON.stringify((await manager.get('/readyz')).body)))
    rmSync(join(folder, 'ballast'))
    await eventually(async () => (await pools.reservation('leaving'))?.state === 'ended')
    await eventually(async () => (await manager.get('/readyz')).status === 200)
    assert.match(JSON.stringify((await manager.get('/readyz')).body), /the disk of the database has only \d+ MiB left/)
    await heals()
    tried(t, 1, 'disks filled')
  })
})

/** Takes the port as soon as it is free, where the engine lives. */
function squat(host: string, port: string): string {
  return `
    const { createServer } = require('node:net')
    require('node:fs').writeFileSync('/run/squatter.pid', String(process.pid))
    const server = createServer((socket) => socket.destroy())
    server.on('error', () => setTimeout(listen, 1))
    const listen = () => server.listen(${port}, '${host}')
    listen()`
}

/** A disk of a few MB, unmounted after the tests. */
async function smallDisk(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-disk-'))
  await exec('mount', ['-t', 'tmpfs', '-o', 'size=12m,mode=700', 'tmpfs', folder])
  after(async () => {
    await exec('umount', ['--lazy', folder])
    rmSync(folder, { recursive: true })
  })
  return folder
}

async function fillUp(folder: string): Promise<void> {
  const block = Buffer.alloc(4_096)
  assert.throws(
    () => {
      for (;;) writeFileSync(join(folder, 'ballast'), block, { flag: 'a' })
    },
    { code: 'ENOSPC' },
  )
}

/** SQLite writes on where it has room already: until that is used up, reservations still come and go. */
async function untilFull(pools: TwoPools): Promise<void> {
  await eventually(async () => {
    const { status, error } = await pools.refusal('filler')
    if (status === 200) await pools.release('filler')
    return status === 503 && /its disk is full/.test(error)
  })
}
