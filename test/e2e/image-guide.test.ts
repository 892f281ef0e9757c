/** The Dockerfiles and the playbook of docs/guides/images.md: built, lent, and what the page says of the playbook. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { parse, stringify } from 'yaml'
import { docker } from '../../lab/docker.ts'
import { testManager } from '../../lab/manager.ts'
import { loginAndRun } from '../support/ssh.ts'
import { codeBlocks, readPage } from '../support/text/markdown.ts'

const PAGE = readPage('docs/guides/images.md')
const BUILD_TIMEOUT_MS = 5 * 60_000
const PREPARE_TIMEOUT_MS = 3 * 60_000
/** Conditions that the playbook asserts. If one is false, the playbook fails and no container of the pool is ready. */
const PROMISED = [
  'groups.keys() | sort == ["all", "ungrouped"]',
  'ansible_user_id == "root"',
  'ansible_python.executable == "/usr/bin/python3"',
  'from_group_vars == "yes"',
  'hostvars[inventory_hostname] | select("match", "berth_") | difference(["berth_playbook"]) == []',
]

const tag = `berth-test-${randomBytes(4).toString('hex')}`
const images = { box: `${tag}:box`, other: `${tag}:other` }
const manager = await testManager('imageguide', {
  size: 1,
  pool: { image: images.box },
  further: { other: { size: 1, image: images.other }, play: { size: 2, prepare: 'lab.yml' } },
})
after(async () => void (await docker('rmi', '--force', ...Object.values(images))))

/** The image that `berth/box` was built on. One of Berth's own stands for Debian where no registry answers. */
const base = await docker('image', 'inspect', '--format', '{{index .Config.Labels "berth.base"}}', 'berth/box')
const isAlpine = base.startsWith('alpine')

async function build(image: string, dockerfile: string): Promise<void> {
  const folder = join(manager.folder, image.replace(':', '-'))
  mkdirSync(join(folder, 'exercise'), { recursive: true })
  writeFileSync(join(folder, 'exercise/task.txt'), 'What is 6 times 7?\n')
  writeFileSync(join(folder, 'Dockerfile'), dockerfile)
  const env = { ...process.env, DOCKER_BUILDKIT: '0' }
  await promisify(execFile)('docker', ['build', '--quiet', '--tag', image, folder], { env, timeout: BUILD_TIMEOUT_MS })
}

function writePlaybook(): void {
  const plays = parse(codeBlocks(PAGE, 'yml')[0]?.code ?? '') as { tasks: object[] }[]
  plays[0]?.tasks.push({ name: 'Check what is promised', 'ansible.builtin.assert': { that: PROMISED } })
  const files: Record<string, string> = {
    'lab.yml': stringify(plays),
    'files/exercise/task.txt': 'What is 6 times 7?\n',
    'group_vars/all.yml': 'from_group_vars: "yes"\n',
  }
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(manager.folder, name, '..'), { recursive: true })
    writeFileSync(join(manager.folder, name), text)
  }
}

async function tenantRuns(pool: string, command: string): Promise<string> {
  const { containers } = await manager.reserve({ username: 'alice', pool })
  const login = { port: containers[0]?.port ?? 0, username: 'alice', password: 'test' }
  return (await loginAndRun(login, command)).stdout
}

before(async () => {
  const [box = '', other = ''] = codeBlocks(PAGE, 'dockerfile').map(({ code }) => code)
  await build(images.box, isAlpine ? box.replace(/^RUN .*/m, 'RUN apk add --no-cache make') : box)
  await build(images.other, base.startsWith('berth/base:') ? other.replace('debian:12', base) : other)
  writePlaybook()
  await manager.start()
  await manager.until('all ready', (all) => all.every(({ state }) => state === 'ready'), PREPARE_TIMEOUT_MS)
})

describe('the guide to images of your own', () => {
  const SHOW = 'cat exercise/task.txt; make --version | head -n 1; sudo id -un'

  for (const suffix of ['', 'other', 'play']) {
    it(`has an example that works: pool "${suffix}"`, async () => {
      const shown = await tenantRuns(`${manager.pool}${suffix}`, SHOW)
      // The playbook installs make only with apt.
      assert.match(shown, isAlpine && suffix === 'play' ? /6 times 7.*\nroot/ : /6 times 7.*\nGNU Make .*\nroot/)
    })
  }

  it('makes images without host keys', async () => {
    for (const image of Object.values(images)) {
      const list = await docker('run', '--rm', '--entrypoint', 'ls', image, '/etc/ssh')
      assert.doesNotMatch(list, /ssh_host_/, image)
    }
  })
})
