/** The command from its tarball, as a CI runner has it: no checkout, no Docker, no Ansible, the machine's own Node. */
import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import type { Reservation } from '../../src/client/client.ts'
import { readVersion } from '../../src/version.ts'
import { testManager } from '../../lab/manager.ts'
import { bareMachine, buildPackages } from '../support/packages/bare-machine.ts'

const manager = await testManager('client', { size: 2 })
const runner = bareMachine({ BERTH_URL: manager.url })
const version = readVersion()

async function current(): Promise<Reservation[]> {
  return (JSON.parse(await runner.output('berth', 'ls', '--json')) as { reservations: Reservation[] }).reservations
}

before(async () => {
  const { cli } = buildPackages(runner.home)
  assert.equal(cli, join(runner.home, `dist/berth-cli-${version}.tgz`))
  await runner.output('npm', 'install', '--global', '--ignore-scripts=false', cli)
  await manager.start()
  await manager.untilReady()
})

describe(`berth from its tarball, on Node ${runner.node}`, () => {
  it('is a package without dependencies', () => {
    const modules = join(runner.home, '.npm-global/lib/node_modules')
    assert.deepEqual(readdirSync(modules), ['berth-cli'])
    assert.ok(!readdirSync(join(modules, 'berth-cli')).includes('node_modules'))
  })

  it('prints its version, help and completion', async () => {
    assert.equal(await runner.output('berth', '--version'), `${version}\n`)
    const versions = await runner.output('berth', 'version')
    assert.match(versions, new RegExp(`^client +${version}\\nmanager +${version} at ${manager.url}\\n$`))
    assert.match(await runner.output('berth', 'help'), /^Usage: berth /)
    assert.match(await runner.output('berth', 'help', 'reserve'), /--keepalive/)
    assert.match(await runner.output('berth', 'completion', 'bash'), /complete -F _berth berth/)
    assert.match(await runner.output('berth', 'completion', 'words', '--', 're'), /^reserve\t/m)
  })

  it('reserves, logs in, copies, extends and releases', async () => {
    const reserved = await runner.output('berth', 'reserve', '--count', '2', '--name', 'ci', '--keepalive', '5m')
    assert.match(reserved, /^Reserved 2 containers for user until /m)
    const [reservation] = await current()
    assert.equal(reservation?.name, 'ci')
    assert.match(await runner.output('berth', 'show', 'ci'), /^state +active$/m)
    assert.equal(await runner.output('berth', 'ssh', 'ci-2', '--', 'whoami'), 'user\n')
    writeFileSync(join(runner.home, 'notes'), 'from the runner\n')
    await runner.output('berth', 'cp', 'notes', 'ci:')
    assert.equal(await runner.output('berth', 'ssh', 'ci-1', '--', 'cat notes'), 'from the runner\n')
    await runner.output('berth', 'keepalive', 'ci')
    assert.match(await runner.output('berth', 'extend', 'ci', '--by', '10m'), /^Until /)
    const inventory = JSON.parse(await runner.output('berth-inventory', '--list')) as { ci: { hosts: string[] } }
    assert.deepEqual(
      inventory.ci.hosts,
      reservation.containers.map(({ name }) => name),
    )
    assert.match(await runner.output('berth', 'completion', 'words', '--', 'ssh', ''), /^ci$/m)
    assert.match(await runner.output('berth', 'release', 'ci'), /^Released /)
    assert.deepEqual(await current(), [])
  })

  it('runs a command in a fresh container, with its exit code', async () => {
    await manager.untilReady()
    const { code, stdout } = await runner.run('berth', 'run', '--env', 'CI=yes', '--', 'echo "$CI"; exit 7')
    assert.deepEqual({ code, stdout }, { code: 7, stdout: 'yes\n' })
  })

  it('shows pools, events and tokens, and what a refusal means', async () => {
    assert.match(await runner.output('berth', 'pools'), new RegExp(`^${manager.pool} `, 'm'))
    const events = await runner.output('berth', 'events', '--json', '--limit', '3')
    assert.equal(events.trim().split('\n').length, 3)
    assert.match(await runner.output('berth', 'token', 'create', '--name', 'bob'), /^berth_\w+\n$/)
    assert.match(await runner.output('berth', 'token', 'ls'), /\bbob +user\b/)
    assert.equal((await runner.run('berth', 'reserve', '--count', '9')).code, 2)
    assert.equal((await runner.run('berth', '--url', 'http://127.0.0.1:1', 'ls')).code, 5)
  })

  for (const args of [['serve'], ['doctor'], ['backup', 'copy'], ['migrate'], ['token', '--offline', 'ls']]) {
    it(`says that \`berth ${args.join(' ')}\` needs the checkout of a manager`, async () => {
      const { code, stderr } = await runner.run('berth', ...args)
      assert.equal(code, 2)
      const [message] = stderr.split('\n')
      assert.equal(message, "berth: this command works only on the manager's machine, with bin/berth of its checkout")
    })
  }
})
