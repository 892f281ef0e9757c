/** Playbooks that prepare pods and make accounts in them, through kubectl. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { buildPrograms } from '../../lab/kubernetes/cluster.ts'
import type { TestManager } from '../../lab/manager.ts'
import { loginAndRun } from '../support/ssh.ts'
import { sharedCluster } from './support/bed.ts'
import { managersOn, untilAllReady } from './support/managers.ts'

const SIZE = 2
/** Ansible must not take it for a template. */
const PASSWORD = 'pa ss {{ 7*7 }}'

const cluster = await sharedCluster()
const { managers } = await managersOn(cluster, 'plays', {
  size: SIZE,
  count: 1,
  pool: { prepare: 'site.yml' },
  top: { accounts: 'ansible', ssh: { host: '127.0.0.4', gateway: { listen: '127.0.0.4' } } },
  // kubectl of this cluster: Debian's is newer than a server of 1.20 may have.
  env: { PATH: `${await buildPrograms()}:${process.env['PATH']}` },
})
const [manager] = managers as [TestManager]

const writePlaybook = (tasks: string) =>
  writeFileSync(join(manager.folder, 'site.yml'), `- hosts: all\n  gather_facts: true\n  tasks:\n${tasks}`)

before(async () => {
  writePlaybook(`
    - name: write a greeting
      ansible.builtin.copy: { dest: /etc/greeting, content: "{{ ansible_hostname }}\\n", mode: "0644" }
`)
  await manager.start()
  await untilAllReady(manager, SIZE)
})

describe('Ansible with pods', () => {
  it('prepares each pod once, and makes the accounts', async () => {
    const { containers } = await manager.reserve({ username: 'alice', password: PASSWORD, count: SIZE })
    for (const { container, port } of containers) {
      const account = { host: '127.0.0.4', port, username: 'alice', password: PASSWORD }
      const { stdout } = await loginAndRun(account, 'sudo cat /etc/greeting; id -un')
      assert.equal(stdout, `${container}\nalice`)
    }
    await manager.get('/release_all')
    assert.equal(manager.output.split('\n').filter((line) => line.includes(' prepared')).length, SIZE, manager.output)
  })

  it('shows the failing task as the reason why a container is broken', async () => {
    writePlaybook(`
    - name: install the impossible
      ansible.builtin.command: "false"
`)
    await manager.until(
      'broken by its playbook',
      (all) => all.some(({ state, error }) => state === 'broken' && /install the impossible/.test(error ?? '')),
      120_000,
    )
  })
})
