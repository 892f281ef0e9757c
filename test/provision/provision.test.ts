import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { loadConfig } from '../../src/config/config.ts'
import { specOf } from '../../src/domain/pool.ts'
import { engineName } from '../../src/engine/docker/container/name.ts'
import { openDocker } from '../../src/engine/docker/engine.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { markOf } from '../../src/store/sqlite/mark.ts'
import { runPlaybook } from '../../lab/ansible.ts'
import { docker, dockerLines } from '../../lab/docker.ts'
import { testInstance } from '../../lab/instance.ts'
import { reservePorts } from '../../lab/ports.ts'

const { instance, pool } = testInstance('provision')
const folder = await mkdtemp(join(tmpdir(), 'berth-provision-'))
const [first = 0] = await reservePorts(3)
const names = [1, 2, 3].map((number) => `${pool}-${number}`)
const config = await writeConfig('berth.yml', { memory: '64m' })
after(() => rm(folder, { recursive: true }))

// In the order of a container's life: each test starts from what the one before has left.
describe('provision', () => {
  it('says with --check what it would make, and makes nothing', async () => {
    const { changed } = await runPlaybook('provision', config, '--check')
    assert.deepEqual(changed, ['localhost', ...names])
    assert.deepEqual(await ours(), [])
    assert.deepEqual(await dockerLines('network', 'ls', '--quiet', '--filter', `label=berth.instance=${instance}`), [])
  })

  it('makes the network and the containers', async () => {
    const { changed } = await runPlaybook('provision', config)
    assert.deepEqual(changed, ['localhost', ...names])
    assert.deepEqual(
      await ours(),
      names.map((name) => `${name} running`),
    )
  })

  it('leaves the stdin of a container open for all who speak to it, one after another', async () => {
    const stdin = await dockerLines('inspect', '--format', '{{.Config.OpenStdin}} {{.Config.StdinOnce}}', ...names)
    assert.deepEqual(
      stdin,
      names.map(() => 'true false'),
    )
  })

  it('changes nothing the second time', async () => {
    assert.deepEqual(await runPlaybook('provision', config), { changed: [] })
  })

  it('leaves alone what the manager killed or made, and makes what is missing', async () => {
    const [killed = '', madeByManager = '', missing = ''] = names
    await docker('kill', killed)
    await docker('rm', '--force', '--volumes', madeByManager, missing)
    await makeAsManager(2)
    assert.deepEqual(await runPlaybook('provision', config), { changed: [missing] })
    assert.deepEqual(await ours(), [`${killed} exited`, `${madeByManager} created`, `${missing} running`])
  })

  it('would make exactly what the manager makes', async () => {
    assert.deepEqual(await runPlaybook('provision', config, ...compare), { changed: [] })
    const other = await writeConfig('other.yml', { memory: '65m' })
    assert.deepEqual(await runPlaybook('provision', other, ...compare), { changed: names }, 'the comparison compares')
  })

  it('stops at a name that something else has taken', async () => {
    const [taken = ''] = names
    await docker('rm', '--force', taken)
    await docker('create', '--name', taken, 'berth/box')
    await assert.rejects(runPlaybook('provision', config), ({ stdout }) =>
      stdout.includes(`${engineNameOf(taken)} is taken by container ${engineNameOf(taken)}, which is not Berth's (`),
    )
  })
})

describe('unprovision', () => {
  it('removes what is ours, and nothing else', async () => {
    const [foreign = '', ...rest] = names
    assert.deepEqual(await firewallAndNetworks(), [`berth-guard-${instance}`, `berth-${instance}-none`])
    const { changed } = await runPlaybook('unprovision', config)
    assert.deepEqual(changed, ['localhost', ...rest.map(engineNameOf)])
    assert.deepEqual(await ours(), [])
    assert.deepEqual(await firewallAndNetworks(), [])
    assert.equal(await docker('rm', foreign), engineNameOf(foreign), 'our name without our label is not ours')
  })

  it('changes nothing the second time', async () => {
    assert.deepEqual(await runPlaybook('unprovision', config), { changed: [] })
  })
})

const compare = ['--check', '-e', '{"berth_comparisons": {}}']

async function writeConfig(name: string, { memory }: { memory: string }): Promise<string> {
  const decided = { reach: 'none', runtime: 'runc' }
  const settings = { size: 3, image: 'berth/box', ssh_ports: `${first}-${first + 2}`, memory, ...decided }
  const file = join(folder, name)
  await writeFile(file, JSON.stringify({ instance, database: join(folder, 'berth.db'), pools: { [pool]: settings } }))
  return file
}

async function makeAsManager(number: number): Promise<void> {
  const { instance: configured, pools } = loadConfig({ BERTH_CONFIG: config })
  const [settings] = pools
  assert.ok(settings)
  const { database: file } = loadConfig({ BERTH_CONFIG: config })
  const store = await openSqlite(file)
  const database = markOf(file, await store.databaseId(), Date.now())
  await store.close()
  const engine = openDocker({
    database,
    instance,
    reaches: [settings.reach],
    dockerHost: process.env.DOCKER_HOST,
  })
  await engine.provision()
  await engine.create(specOf(configured, settings, { number, port: first + number - 1, generation: 7 }))
  await engine.close()
}

/** Docker's name of a container. */
function engineNameOf(name: string): string {
  return engineName({ instance, name })
}

/** This instance's containers: "name state". */
async function ours(): Promise<string[]> {
  const filter = ['--filter', `label=berth.instance=${instance}`]
  const lines = await dockerLines('ps', '--all', ...filter, '--format', '{{.Names}} {{.State}}')
  return lines.toSorted()
}

async function firewallAndNetworks(): Promise<string[]> {
  return [
    ...(await dockerLines('ps', '--all', '--filter', `label=berth.guard=${instance}`, '--format', '{{.Names}}')),
    ...(await dockerLines('network', 'ls', '--filter', `label=berth.instance=${instance}`, '--format', '{{.Name}}')),
  ]
}
