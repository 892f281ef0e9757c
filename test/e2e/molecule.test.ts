/**
 * The scenario in deploy/molecule, with a role that has a handler. Its playbooks run in the order of `molecule test`,
 * with the inventory, variables and settings that Molecule's driver "default" makes of molecule.yml and
 * instance_config.yml (molecule/driver/delegated.py and molecule/provisioner/ansible.py, version 6). Molecule itself is
 * in none of the package sources that the tests use.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { parse, stringify } from 'yaml'
import { testManager } from '../../lab/manager.ts'
import { BERTH, testBerth } from '../support/manager/berth.ts'
import { ROOT } from '../support/text/markdown.ts'

const TIMEOUT_MS = 120_000
const ROLE = `
- name: Write a greeting
  ansible.builtin.copy: { content: "hello\\n", dest: /etc/greeting, mode: '0644' }
  notify: Say it
`
const HANDLER = `
- name: Say it
  ansible.builtin.command: { cmd: touch /etc/said, creates: /etc/said }
`
const VARIABLES = {
  molecule_file: "{{ lookup('env', 'MOLECULE_FILE') }}",
  molecule_ephemeral_directory: "{{ lookup('env', 'MOLECULE_EPHEMERAL_DIRECTORY') }}",
  molecule_scenario_directory: "{{ lookup('env', 'MOLECULE_SCENARIO_DIRECTORY') }}",
  molecule_yml: "{{ lookup('file', molecule_file) | from_yaml }}",
  molecule_instance_config: "{{ lookup('env', 'MOLECULE_INSTANCE_CONFIG') }}",
}

interface Scenario {
  readonly driver: { readonly ssh_connection_options: readonly string[] }
  readonly platforms: readonly { readonly name: string }[]
  readonly provisioner: { readonly config_options: { readonly defaults: Readonly<Record<string, unknown>> } }
}

interface Instance {
  readonly instance: string
  readonly address: string
  readonly port: string
  readonly user: string
  readonly identity_file: string
}

const manager = await testManager('molecule', { size: 2 })
const berth = testBerth({ BERTH_URL: manager.url })
const [project, ephemeral] = [join(berth.home, 'greeting'), join(berth.home, 'ephemeral')]
const scenario = join(project, 'molecule/default')
const inventory = join(ephemeral, 'inventory')
const files = { config: join(ephemeral, 'molecule.yml'), instances: join(ephemeral, 'instance_config.yml') }
const env: NodeJS.ProcessEnv = {
  ...berth.env,
  PATH: `${dirname(BERTH)}:${process.env['PATH']}`,
  ANSIBLE_CONFIG: join(ephemeral, 'ansible.cfg'),
  ANSIBLE_ROLES_PATH: dirname(project),
  // A login for each action, and not the connection of the one before.
  ANSIBLE_SSH_ARGS: '-o ControlMaster=no',
  // Ansible waits ten seconds for sudo, which is too short beside other tests.
  ANSIBLE_TIMEOUT: '60',
  MOLECULE_EPHEMERAL_DIRECTORY: ephemeral,
  MOLECULE_FILE: files.config,
  MOLECULE_INSTANCE_CONFIG: files.instances,
  MOLECULE_PROJECT_DIRECTORY: project,
  MOLECULE_SCENARIO_DIRECTORY: scenario,
}

function readScenario(): Scenario {
  const text = readFileSync(join(scenario, 'molecule.yml'), 'utf8')
  return parse(text.replaceAll(/\$\{(MOLECULE_\w+)\}/g, (_, name: string) => String(env[name]))) as Scenario
}

function writeInventory({ driver, platforms }: Scenario): void {
  const instances = existsSync(files.instances) ? (parse(readFileSync(files.instances, 'utf8')) as Instance[]) : []
  const connectionOf = (name: string) => {
    const found = instances.find(({ instance }) => instance === name)
    return found === undefined
      ? {}
      : {
          ansible_connection: 'smart',
          ansible_user: found.user,
          ansible_host: found.address,
          ansible_port: found.port,
          ansible_private_key_file: found.identity_file,
          ansible_ssh_common_args: driver.ssh_connection_options.join(' '),
        }
  }
  const hosts = Object.fromEntries(platforms.map(({ name }) => [name, connectionOf(name)]))
  mkdirSync(inventory, { recursive: true })
  const all = { hosts, vars: VARIABLES }
  writeFileSync(join(inventory, 'ansible_inventory.yml'), stringify({ all, ungrouped: { hosts, vars: VARIABLES } }))
}

/** Runs one action of Molecule, and returns Ansible's output. */
async function act(action: string): Promise<string> {
  const config = readScenario()
  writeFileSync(files.config, stringify(config))
  const defaults = { host_key_checking: false, interpreter_python: 'auto_silent', ...configured(config) }
  const lines = Object.entries(defaults).map(([key, value]) => `${key} = ${String(value)}`)
  writeFileSync(env['ANSIBLE_CONFIG'] ?? '', `[defaults]\n${lines.join('\n')}\n`)
  writeInventory(config)
  const args = ['--inventory', inventory, '--skip-tags', 'molecule-notest,notest', join(scenario, `${action}.yml`)]
  const { stdout } = await promisify(execFile)('ansible-playbook', args, { cwd: scenario, env, timeout: TIMEOUT_MS })
  return stdout
}

const configured = ({ provisioner }: Scenario) => provisioner.config_options.defaults

async function active(): Promise<number> {
  const { body } = await manager.get<{ reservations: { state: string }[] }>('/v1/reservations')
  return body.reservations.filter(({ state }) => state === 'active').length
}

before(async () => {
  for (const folder of ['tasks', 'handlers', 'molecule']) mkdirSync(join(project, folder), { recursive: true })
  mkdirSync(ephemeral)
  writeFileSync(join(project, 'tasks/main.yml'), ROLE)
  writeFileSync(join(project, 'handlers/main.yml'), HANDLER)
  cpSync(join(ROOT, 'deploy/molecule/default'), scenario, { recursive: true })
  await manager.start()
  await manager.untilReady()
})

describe('the scenario for Molecule', () => {
  it('destroys what is not there', async () => {
    await act('destroy')
  })

  it('reserves a container for each platform, once', async () => {
    await act('create')
    await act('create')
    assert.equal(await active(), 1)
  })

  it('applies the role, and finds nothing to change the second time', async () => {
    assert.match(await act('converge'), /web +: ok=\d+ +changed=2/)
    const again = await act('converge')
    assert.match(again, /db +: ok=\d+ +changed=0/)
    assert.match(again, /web +: ok=\d+ +changed=0/)
  })

  it('verifies: the machines know each other', async () => {
    assert.match(await act('verify'), /web +: ok=2 .*failed=0/)
  })

  it('refuses a machine with another host key', async () => {
    const path = join(ephemeral, 'known_hosts')
    const good = readFileSync(path, 'utf8')
    // The keys of the two machines, exchanged.
    const [first = [], second = []] = good
      .trim()
      .split('\n')
      .map((line) => line.split(' '))
    writeFileSync(path, `${[first[0], ...second.slice(1)].join(' ')}\n${[second[0], ...first.slice(1)].join(' ')}\n`)
    await assert.rejects(act('verify'), ({ stdout }: { stdout: string }) => {
      assert.match(stdout, /UNREACHABLE.*Host key verification failed/s)
      return true
    })
    writeFileSync(path, good)
  })

  it('gives the containers back, and forgets a reservation that has ended by itself', async () => {
    await act('destroy')
    assert.equal(await active(), 0)
    await manager.untilReady()
    await act('create')
    await manager.get('/release_all')
    await act('destroy')
    assert.equal(existsSync(files.instances), false)
  })
})
