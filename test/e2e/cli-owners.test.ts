/** Who sees and touches what with the command, where there are tokens: one's own, and an admin what they ask for. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import type { Reservation, Reserved } from '../../src/client/client.ts'
import { join } from 'node:path'
import { type Berth, testBerth } from '../support/manager/berth.ts'
import { testManager } from '../../lab/manager.ts'

const manager = await testManager('owners', { size: 3, top: { auth: 'tokens' } })
const offline = testBerth({ BERTH_CONFIG: join(manager.folder, 'berth.yml') })
const tokenOf = async (...options: string[]) => (await offline.run('token', 'create', ...options)).stdout.trim()
manager.token = await tokenOf('--name', 'root', '--admin')
const as = (token: string) => testBerth({ BERTH_URL: manager.url, BERTH_TOKEN: token })
const root = as(manager.token)
const alice = as(await tokenOf('--name', 'alice', '--containers', '1', '--duration', '2h'))
const bob = as(await tokenOf('--name', 'bob'))
const nobody = testBerth({ BERTH_URL: manager.url })

before(async () => {
  await manager.start()
  await manager.untilReady()
})

async function ownersIn(berth: Berth, ...options: string[]): Promise<string[]> {
  const { reservations } = await berth.json<{ reservations: Reservation[] }>('ls', ...options)
  return reservations.map(({ owner }) => owner).toSorted()
}

describe('berth with tokens', () => {
  it('shows everybody what is theirs, and an admin everything when asked', async () => {
    for (const berth of [alice, bob, root]) await berth.json('reserve')
    assert.deepEqual(await ownersIn(alice), ['alice'])
    assert.deepEqual(await ownersIn(alice, '--everybody'), ['alice'])
    assert.deepEqual(await ownersIn(root), ['root'])
    assert.deepEqual(await ownersIn(root, '--everybody'), ['alice', 'bob', 'root'])
    assert.match((await root.run('ls', '--everybody')).stdout, /^ID .* OWNER .*\n(.*\n)*.* bob /)
    assert.match((await root.run('inventory')).stdout, new RegExp(`"${manager.pool}-3"`))
    assert.doesNotMatch((await root.run('inventory')).stdout, new RegExp(`"${manager.pool}-1"`))
  })

  it('keeps them from what is not theirs, and says so with its exit code', async () => {
    const foreign = await alice.run('release', `${manager.pool}-2`)
    assert.deepEqual({ code: foreign.code, said: /you have no/.test(foreign.stderr) }, { code: 1, said: true })
    const scale = await alice.run('scale', manager.pool, '1')
    assert.equal(scale.code, 4)
    assert.match(scale.stderr, /\n {2}`berth whoami` shows who you are/)
    const unknown = await nobody.run('ls')
    assert.equal(unknown.code, 4)
    assert.match(unknown.stderr, /\n {2}set BERTH_TOKEN or use `berth login`/)
    const quota = await alice.run('reserve')
    assert.equal(quota.code, 3, quota.stderr)
    assert.match(quota.stderr, /\n {2}`berth whoami` shows your limits, `berth ls` what you hold/)
    assert.match(
      (await alice.run('whoami')).stdout,
      /^you +alice, user \(token\)\ncontainers +1\nlimits +1 container, 2h$/m,
    )
  })

  it('releases one’s own, an admin anybody’s by name, and everything only when that is said', async () => {
    assert.match((await root.run('release', `${manager.pool}-2`)).stdout, /^Released /)
    assert.match((await root.run('release', '--all')).stdout, /^Released .*-3\n$/)
    assert.deepEqual(await ownersIn(root, '--everybody'), ['alice'])
    assert.equal((await alice.run('release', '--all', '--everybody')).code, 4)
    assert.equal((await root.run('release', '--everybody')).code, 2)
    assert.equal((await root.run('release', '--all', '--everybody')).stdout, 'Released 1 reservation.\n')
    assert.deepEqual(await ownersIn(root, '--everybody'), [])
    const { reservations } = await bob.json<{ reservations: Reserved[] }>('ls', '--all')
    assert.deepEqual(
      reservations.map(({ outcome }) => outcome),
      ['released'],
    )
  })
})
