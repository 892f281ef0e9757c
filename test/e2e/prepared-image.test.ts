/** A pool with `prepare_image` on real Docker and Ansible, with the example of docs/guides/images.md. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { parse, stringify } from 'yaml'
import { runPlaybook } from '../../lab/ansible.ts'
import { docker, dockerLines } from '../../lab/docker.ts'
import { testManager } from '../../lab/manager.ts'
import { testBerth } from '../support/manager/berth.ts'
import { loginAndRun } from '../support/ssh.ts'
import { codeBlocks, readPage } from '../support/text/markdown.ts'

/** Minimum duration of the playbook. */
const PLAYBOOK_MS = 5_000
/** Maximum time until the containers of an image are ready, playbook included. */
const READY_TIMEOUT_MS = 120_000

const pool = { prepare: 'lab.yml', prepare_image: true }
const manager = await testManager('prepared', { size: 3, pool })
const names = [1, 2, 3].map((number) => `${manager.pool}-${number}`)
const config = join(manager.folder, 'berth.yml')
const berth = testBerth({ BERTH_URL: manager.url, BERTH_CONFIG: config })
after(() => manager.kill())

/** Writes the playbook of the guide, with these tasks after its own. */
function writePlaybook(...tasks: readonly object[]): void {
  const [example] = codeBlocks(readPage('docs/guides/images.md'), 'yml')
  const plays = parse(example?.code ?? '') as { tasks: object[] }[]
  for (const play of plays) play.tasks.push(...tasks)
  writeFileSync(join(manager.folder, 'lab.yml'), stringify(plays))
}

const command = (name: string, text: string) => ({ name, 'ansible.builtin.shell': text })
const marker = (text: string) => command('Mark', `sleep ${PLAYBOOK_MS / 1_000}; echo ${text} >/etc/marker`)
const inside = (name: string, ...words: string[]) => docker('exec', name, ...words)
const markers = () => Promise.all(names.map((name) => inside(name, 'cat', '/etc/marker').catch(() => 'none')))
const lines = (text: string) => manager.output.split('\n').filter((line) => line.includes(text))
const images = () =>
  dockerLines(
    'image',
    'ls',
    '--filter',
    `label=berth.prepared=${manager.instance}`,
    '--format',
    '{{.Repository}}:{{.Tag}}',
  )
const allReady = () =>
  manager.until('all ready', (all) => all.every(({ state }) => state === 'ready'), READY_TIMEOUT_MS)

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS
  while (!(await isSo())) {
    assert.ok(performance.now() < deadline, manager.output)
    await sleep(200)
  }
}

before(async () => {
  mkdirSync(join(manager.folder, 'files/exercise'), { recursive: true })
  writeFileSync(join(manager.folder, 'files/exercise/task.txt'), 'What is 6 times 7?\n')
  writePlaybook(marker('first'))
  await runPlaybook('provision', config)
  assert.deepEqual(
    await dockerLines('ps', '--all', '--quiet', '--filter', `label=berth.instance=${manager.instance}`),
    [],
  )
  await manager.start()
  await allReady()
})

describe('a pool that is prepared once', () => {
  it('runs the playbook in one container, and makes all others from it', async () => {
    assert.equal(lines('made the image of pool').length, 1, manager.output)
    assert.deepEqual(lines(' prepared in '), [], 'no container runs it')
    assert.deepEqual(await markers(), ['first', 'first', 'first'])
    const [image, ...more] = await images()
    assert.deepEqual(more, [])
    for (const name of names) assert.equal(await docker('inspect', '--format', '{{.Config.Image}}', name), image)
  })

  it('leaves no keys or marks of the temporary container in the image, and no container but those of the pool', async () => {
    const keys = (await manager.containers()).map(({ host_key }) => host_key)
    assert.equal(new Set(keys).size, 3)
    const [image = ''] = await images()
    const list = 'ls -d /etc/ssh/ssh_host_* /var/lib/berth-* /run/berth-listens 2>/dev/null || true'
    assert.equal(await docker('run', '--rm', '--entrypoint', 'sh', image, '-c', list), '')
    const environment = await docker('image', 'inspect', '--format', '{{.Config.Env}}', image)
    assert.ok(!environment.includes('BERTH_UID'), environment)
    const ours = await dockerLines(
      'ps',
      '--all',
      '--format',
      '{{.Names}}',
      '--filter',
      `label=berth.instance=${manager.instance}`,
    )
    assert.deepEqual(ours.toSorted(), names)
    assert.match((await berth.run('doctor')).stdout, /No difference/)
  })

  it('shows the image of berth.yml, and lends containers with what the playbook has made', async () => {
    const { body } = await manager.get<{ pools: { image: string }[] }>('/v1/pools')
    assert.equal(body.pools[0]?.image, 'berth/box')
    const { containers } = await manager.reserve({ username: 'alice' })
    const login = { port: containers[0]?.port ?? 0, username: 'alice', password: 'test' }
    assert.equal((await loginAndRun(login, 'cat exercise/task.txt; sudo id -un')).stdout, 'What is 6 times 7?\nroot')
    // The agent of the image has made the account: it runs in containers of a prepared image, too.
    assert.match(await inside(containers[0]?.container ?? '', 'cat', '/run/berth-listens'), /^\d+$/)
  })

  it('replaces a used container in less time than the playbook takes', async (t: TestContext) => {
    const began = performance.now()
    await manager.get('/release_all')
    await manager.until('the next generation', (all) => all.some((c) => c.generation === 2 && c.state === 'ready'))
    const ms = performance.now() - began
    t.diagnostic(`${Math.round(ms)} ms`)
    assert.ok(ms < PLAYBOOK_MS, `${ms}`)
    assert.deepEqual(await markers(), ['first', 'first', 'first'])
  })
})

describe('a changed playbook', () => {
  it('makes another image, also when the manager is killed while it does; the pool lends meanwhile', async () => {
    await manager.kill()
    writePlaybook(marker('second'))
    await manager.start()
    await manager.shows(/making the image of pool/)
    await until(async () => (await inside(`${manager.pool}-image`, 'true').catch(() => null)) !== null)
    await manager.kill()
    await manager.start()
    await manager.shows(/making the image of pool/)
    const { containers } = await manager.reserve({ username: 'bob' })
    assert.equal(await inside(containers[0]?.container ?? '', 'cat', '/etc/marker'), 'first')
    await manager.get('/release_all')
    await until(async () => (await markers()).every((text) => text === 'second'))
    await allReady()
    assert.deepEqual(
      await dockerLines('ps', '--all', '--quiet', '--filter', `label=berth.container=${manager.pool}-image`),
      [],
    )
  })

  it('that fails says why, with the output of the task, and leaves the pool as it is', async () => {
    const generations = async () => (await manager.containers()).map(({ name, generation }) => `${name} ${generation}`)
    const earlier = await generations()
    await manager.kill()
    writePlaybook(command('Fail', 'echo the disk is full; exit 6'))
    await manager.start()
    const file = join(manager.folder, `containers.db-ansible/${manager.pool}-image.log`)
    const task = String.raw`task \"Fail\" failed on ${manager.pool}-image: non-zero return code 6: the disk is full`
    const reason = `"reason":"${task}. Ansible's output: ${file}"`
    await until(async () => lines('cannot be made').some((line) => line.includes(reason)))
    await allReady()
    assert.deepEqual(await generations(), earlier)
    assert.deepEqual(await markers(), ['second', 'second', 'second'])
  })
})

it('`just unprovision` removes the images', async () => {
  await manager.interrupt()
  assert.notDeepEqual(await images(), [])
  await runPlaybook('unprovision', config)
  assert.deepEqual(await images(), [])
})
