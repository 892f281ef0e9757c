/** Two instances on one engine that differ in name and ports only. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { runPlaybook } from '../../lab/ansible.ts'
import { docker, dockerLines } from '../../lab/docker.ts'
import { eventually } from '../../lab/eventually.ts'
import { newInstance } from '../../lab/instance.ts'
import { reservePorts } from '../../lab/ports.ts'
import { loginOf, stateOf, untilFull } from '../support/manager/databases.ts'
import { installation } from '../support/manager/installation.ts'
import { loginAndRun } from '../support/ssh.ts'

const POOL = 'lab'

describe('two instances with pools of the same name', async () => {
  const [one, two] = [newInstance('inst-a').instance, newInstance('inst-b').instance]
  const a = await installation('inst-a', { instance: one, pools: { [POOL]: 2 } })
  const b = await installation('inst-b', { instance: two, pools: { [POOL]: 2 } })

  it('fill, lend, recycle and find nothing wrong, side by side', async () => {
    await runPlaybook('provision', join(a.folder, 'berth.yml'))
    await Promise.all([a.start(), b.start()])
    await Promise.all([untilFull(a), untilFull(b)])
    const names = [`${POOL}-1`, `${POOL}-2`]
    assert.deepEqual(
      await namesOf(one),
      names.map((name) => `${one}.${name}`),
    )
    assert.deepEqual(
      await namesOf(two),
      names.map((name) => `${two}.${name}`),
    )
    for (const [manager, username] of [
      [a, 'anna'],
      [b, 'ben'],
    ] as const) {
      const held = await manager.reserve({ username })
      assert.equal(held.containers[0]?.container, `${POOL}-1`, 'people see the short name')
      assert.equal((await loginAndRun(loginOf(held), 'whoami; hostname')).stdout, `${username}\n${POOL}-1`)
    }
    await a.get('/release_all')
    await untilFull(a)
    assert.equal((await stateOf(b, `${POOL}-1`))?.state, 'reserved', 'the other one still has its own')
  })

  it('are removed one by one', async () => {
    await a.interrupt()
    const before = await idsOf(two)
    await runPlaybook('unprovision', join(a.folder, 'berth.yml'))
    assert.deepEqual(await namesOf(one), [])
    assert.deepEqual(await idsOf(two), before)
    assert.equal((await stateOf(b, `${POOL}-1`))?.state, 'reserved')
    await b.get('/release_all')
    await untilFull(b)
    await b.interrupt()
  })
})

describe('two instances with the same ports', async () => {
  const [one, two] = [newInstance('port-a').instance, newInstance('port-b').instance]
  const sshPorts = await reservePorts(1)
  const a = await installation('port-a', { instance: one, pools: { [POOL]: 1 }, sshPorts })
  const b = await installation('port-b', { instance: two, pools: { [POOL]: 1 }, sshPorts })

  it('report which port is taken, by which container of which instance', async () => {
    await a.start()
    await untilFull(a)
    await b.start()
    await b.until('failed to start', ([container]) => container?.error !== null)
    const { error } = (await stateOf(b, `${POOL}-1`)) ?? {}
    const [port] = sshPorts
    const taken = new RegExp(`^start lab-1: port ${port} of 127\\.0\\.0\\.1 is taken by lab-1 of instance "${one}" \\(`)
    assert.match(error ?? '', taken)
    assert.match(error ?? '', /name other ssh_ports in berth\.yml/)
    await Promise.all([a.interrupt(), b.interrupt()])
  })
})

describe('containers of an earlier version, which had the short name in every instance', async () => {
  const { instance } = newInstance('earlier')
  const pool = `old${process.pid}`
  const names = [`${pool}-1`, `${pool}-2`]
  const manager = await installation('earlier', { instance, pools: { [pool]: 2 } })

  it('are taken over, and have the long name after their next replacement', async () => {
    await manager.start()
    await untilFull(manager)
    const held = await manager.reserve({ username: 'tess' })
    await manager.kill()
    const ids = await idsOf(instance)
    for (const name of names) await docker('rename', `${instance}.${name}`, name)
    await manager.start()
    await untilFull(manager)
    assert.equal((await loginAndRun(loginOf(held), 'whoami')).stdout, 'tess')
    assert.deepEqual(await idsOf(instance), ids)
    assert.deepEqual(await namesOf(instance), names)
    const { changed } = await runPlaybook('provision', join(manager.folder, 'berth.yml'))
    assert.deepEqual(changed, [], 'the slots are full, whatever Docker calls their containers')
    await manager.get('/release_all')
    await eventually(async () => (await namesOf(instance)).includes(`${instance}.${pool}-1`))
    await untilFull(manager)
    await manager.interrupt()
  })
})

/** Returns the names that Docker has for the containers of an instance, sorted. */
async function namesOf(instance: string): Promise<string[]> {
  const lines = await dockerLines(
    'container',
    'ls',
    '--all',
    '--filter',
    `label=berth.instance=${instance}`,
    '--format',
    '{{.Names}}',
  )
  return lines.toSorted()
}

async function idsOf(instance: string): Promise<string[]> {
  const lines = await dockerLines('ps', '--all', '--quiet', '--filter', `label=berth.instance=${instance}`)
  return lines.toSorted()
}
