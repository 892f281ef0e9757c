/**
 * Ansible on both sides: it provisions what the manager adopts, prepares what the pool wants, and makes the accounts.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { runPlaybook } from '../../lab/ansible.ts'
import { docker } from '../../lab/docker.ts'
import { testManager } from '../../lab/manager.ts'
import { loginAndRun } from '../support/ssh.ts'

const manager = await testManager('ansible', { size: 2, pool: { prepare: 'site.yml' }, top: { accounts: 'ansible' } })
const config = join(manager.folder, 'berth.yml')
const [first, second] = [`${manager.pool}-1`, `${manager.pool}-2`]
after(() => manager.kill())

writeFileSync(
  join(manager.folder, 'site.yml'),
  `
- hosts: all
  gather_facts: false
  tasks:
    - name: write a greeting
      ansible.builtin.copy: { dest: /etc/greeting, content: "prepared\\n", mode: "0644" }
    - name: refuse when told
      ansible.builtin.command: "test ! -e /etc/refuse"
      changed_when: false
`,
)

describe('a pool that Ansible provisioned', () => {
  // Whether one was used is not asked inside: the ledger knows, see test/e2e/restored-databases.test.ts.
  it('is adopted as it is', async () => {
    await runPlaybook('provision', config)
    const provisioned = await Promise.all([first, second].map(idOf))
    await manager.start()
    await manager.untilReady()
    assert.deepEqual(await Promise.all([first, second].map(idOf)), provisioned)
  })

  it('was prepared by the pool’s playbook, in one run, before it was ready', async () => {
    for (const name of [first, second]) assert.equal(await docker('exec', name, 'cat', '/etc/greeting'), 'prepared')
    const runs = manager.output.split('\n').filter((line) => line.includes(' prepared'))
    assert.equal(runs.length, 2, manager.output)
  })

  it('gives accounts that Ansible made', async () => {
    const { containers } = await manager.reserve({ username: 'alice', password: 'pa ss {{ 7*7 }}', count: 2 })
    for (const { port } of containers) {
      const { stdout } = await loginAndRun(
        { port, username: 'alice', password: 'pa ss {{ 7*7 }}' },
        'sudo cat /etc/greeting',
      )
      assert.equal(stdout, 'prepared')
    }
  })

  it('is left alone by another provision, also while it is held', async () => {
    const { changed } = await runPlaybook('provision', config)
    assert.deepEqual(changed, [])
    assert.match(await docker('exec', first, 'id', 'alice'), /alice/)
    await manager.get('/release_all')
  })

  it('shows the failing task of its playbook as the reason why a container is broken', async () => {
    await manager.untilReady()
    writeFileSync(
      join(manager.folder, 'site.yml'),
      `
- hosts: all
  gather_facts: false
  tasks:
    - name: install the impossible
      ansible.builtin.command: "false"
`,
    )
    await docker('rm', '--force', second)
    await manager.until('broken by its playbook', (rows) =>
      rows.some((c) => c.name === second && c.state === 'broken' && /install the impossible/.test(c.error ?? '')),
    )
    const { body } = await manager.get<{ available: string[] }>('/available')
    assert.deepEqual(body.available, [first])
  })
})

async function idOf(name: string): Promise<string> {
  return docker('inspect', '--format', '{{.Id}}', name)
}
