/** Groups of the inventory by the names of reservations; test/e2e/inventory.test.ts uses them with Ansible. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { listening, openApi } from '../../../lab/api.ts'
import { testBerth } from '../../support/manager/berth.ts'

const { address } = await listening(await openApi())
const berth = testBerth({ BERTH_URL: address })

describe('groups of the inventory', () => {
  it('have the names of reservations, except names that mean something else to Ansible', async () => {
    for (const name of ['web-server', 'all', 'pool-alpine', 'localhost']) await berth.json('reserve', '--name', name)
    const { stdout, stderr } = await berth.run('inventory', '--list')
    const { _meta: meta, ...groups } = JSON.parse(stdout) as { _meta: object; [group: string]: object }
    assert.deepEqual(groups['web_server'], { hosts: ['alpine-1'] })
    assert.deepEqual(groups['pool_alpine'], { hosts: ['alpine-1', 'alpine-2', 'alpine-3', 'alpine-4'] })
    assert.deepEqual(Object.keys(groups['all'] ?? {}), ['children'])
    assert.equal(groups['localhost'], undefined)
    for (const name of ['all', 'pool-alpine', 'localhost']) {
      assert.ok(
        stderr.includes(
          `berth: no group has the name of reservation "${name}": Ansible or this inventory uses it already\n`,
        ),
        name,
      )
    }
    assert.ok(meta)
  })
})
