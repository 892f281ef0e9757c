/** `berth-inventory` as Ansible's dynamic inventory: real Ansible, real ssh, real containers. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { scanHostKey } from '../../src/cli/ssh/external-commands.ts'
import type { Reserved } from '../../src/client/client.ts'
import { BERTH, testBerth } from '../support/manager/berth.ts'
import { docker } from '../../lab/docker.ts'
import { eventually } from '../../lab/eventually.ts'
import { testManager } from '../../lab/manager.ts'

const execute = promisify(execFile)
const manager = await testManager('inventory', { size: 3 })
const berth = testBerth({ BERTH_URL: manager.url })
const INVENTORY = join(berth.home, 'berth-inventory')
symlinkSync(`${BERTH}-inventory`, INVENTORY)

let reserved: Reserved

before(async () => {
  await manager.start()
  await manager.untilReady()
  const key = join(berth.home, 'key')
  await execute('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
  reserved = await berth.json<Reserved>('reserve', '--count', '2', '--user', 'alice', '--key', `${key}.pub`)
})

/**
 * Ansible's output, also when some hosts failed. Each time it connects anew, and as a tenant's does, without the
 * configuration of this repository: with pipelining, Ansible may report the pipe that ssh closed and not why ssh did.
 */
async function ansible(hosts: string, ...args: string[]): Promise<string> {
  const { ANSIBLE_CONFIG: _ours, ...tenants } = berth.env
  const env = {
    ...tenants,
    ANSIBLE_LOCALHOST_WARNING: 'False',
    ANSIBLE_NOCOLOR: '1',
    ANSIBLE_SSH_ARGS: '-C',
    ANSIBLE_HOST_KEY_CHECKING: 'False',
  }
  const options = { env, cwd: berth.home, timeout: 60_000 }
  const { stdout, stderr } = await execute('ansible', ['-i', INVENTORY, hosts, ...args], options).catch(
    (error: Error & { stdout: string; stderr: string }) => error,
  )
  return stdout + stderr
}

describe('berth inventory', () => {
  it('lists the reserved containers, in groups', async () => {
    const names = reserved.containers.map(({ name }) => name)
    const { stdout } = await execute(INVENTORY, ['--list'], { env: berth.env })
    const { _meta: meta, ...groups } = JSON.parse(stdout) as { _meta: { hostvars: Record<string, object> } }
    const [pool, reservation] = [`pool_${manager.pool.replaceAll('-', '_')}`, `reservation_${reserved.id.slice(0, 8)}`]
    assert.deepEqual(groups, {
      all: { children: ['ungrouped', pool, reservation] },
      [pool]: { hosts: names },
      [reservation]: { hosts: names },
    })
    const known = join(berth.home, '.local/state/berth/reservations', reserved.id, 'known_hosts')
    // A plain text: Ansible evaluates nothing in it.
    const text = (value: string | null) => value && { __ansible_unsafe: value }
    assert.deepEqual(meta.hostvars[names[0] ?? ''], {
      ansible_host: text('localhost'),
      ansible_port: reserved.containers[0]?.port,
      ansible_user: text('alice'),
      ansible_host_key_checking: true,
      ansible_ssh_common_args: text(
        `-o 'UserKnownHostsFile="${known}"' -o GlobalKnownHostsFile=/dev/null -o StrictHostKeyChecking=yes -o HostKeyAlgorithms=ssh-ed25519 -o UpdateHostKeys=no`,
      ),
      ansible_ssh_private_key_file: text(join(berth.home, 'key')),
      berth_reservation: text(reserved.id),
      berth_pool: text(manager.pool),
      berth_note: null,
      berth_name: null,
      berth_expires_at: text(reserved.expires_at),
    })
    assert.equal(statSync(known).mode & 0o777, 0o600)
    const one = await execute(INVENTORY, ['--host', names[0] ?? ''], { env: berth.env })
    assert.deepEqual(JSON.parse(one.stdout), meta.hostvars[names[0] ?? ''])
    assert.equal((await berth.run('inventory', '--host', 'nobody')).code, 1)
  })

  it('works with ansible -m ping', async () => {
    const output = await ansible('all', '-m', 'ping')
    for (const { name } of reserved.containers) assert.match(output, new RegExp(`^${name} \\| SUCCESS`, 'm'), output)
    assert.equal(output.match(/SUCCESS/g)?.length, 2, output)
    const whoami = await ansible(`reservation_${reserved.id.slice(0, 8)}`, '-m', 'command', '-a', 'whoami')
    assert.equal(whoami.match(/^alice$/gm)?.length, 2, whoami)
  })

  it('has Ansible refuse a container whose host key is another one', async () => {
    const [changed] = reserved.containers
    const [wrong, right] = reserved.containers.map(({ name }) => name)
    const known = join(berth.home, '.local/state/berth/reservations', reserved.id, 'known_hosts')
    const verified = readFileSync(known, 'utf8')
    const script =
      'ssh-keygen -q -t ed25519 -N "" -f /tmp/k; cat /tmp/k >/etc/ssh/ssh_host_ed25519_key; kill -HUP $(pgrep -o sshd)'
    await docker('exec', wrong ?? '', 'bash', '-c', script)
    await eventually(async () => {
      const shown = await scanHostKey(changed?.host ?? '', changed?.port ?? 0)
      return shown !== null && !verified.includes(shown.split(' ').at(-1) ?? '')
    })
    const output = await ansible('all', '-m', 'ping')
    assert.match(output, new RegExp(`^${right} \\| SUCCESS`, 'm'), output)
    assert.match(output, new RegExp(`^${wrong} \\| UNREACHABLE!.*(\\n.*)*Host key verification failed`, 'm'), output)
    // What the manager says is what counts: the key that was verified before is kept, the false one is not taken up.
    assert.equal(readFileSync(known, 'utf8'), verified)
  })

  it('is empty when nothing is reserved', async () => {
    await berth.run('release')
    const { stdout } = await execute(INVENTORY, ['--list'], { env: berth.env })
    assert.deepEqual(JSON.parse(stdout), { _meta: { hostvars: {} }, all: { children: ['ungrouped'] } })
  })
})
