/** A pool whose image cannot be lent says so wherever it is asked for, and works as soon as the image does. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { testBerth } from '../support/manager/berth.ts'
import { docker } from '../../lab/docker.ts'
import { eventually } from '../../lab/eventually.ts'
import { testManager } from '../../lab/manager.ts'
import { ownImages } from '../support/engine/own-images.ts'
import { newKeyPair } from '../../lab/key-pair.ts'
import { loginAndRun } from '../support/ssh.ts'

const images = await ownImages()
const NO_SUDO = /neither sudo nor doas.*install the package sudo/
const broken = await images.running('lab', 'rm -f /usr/bin/sudo')
/** The same key in all containers, and younger than they are. */
const shared = await images.running(
  'shared',
  'cat /keys/ssh_host_ed25519_key.pub >/etc/ssh/ssh_host_ed25519_key.pub; (umask 77; cat /keys/ssh_host_ed25519_key >/etc/ssh/ssh_host_ed25519_key)',
)
const manager = await testManager('own', {
  size: 1,
  further: { lab: { size: 2, image: broken }, key: { size: 2, image: shared } },
})
const [lab, keys] = [`${manager.pool}lab`, `${manager.pool}key`]
const berth = testBerth({ BERTH_URL: manager.url })

interface PoolView {
  readonly name: string
  readonly problem: string | null
}

const poolView = async (name: string) =>
  (await manager.get<{ pools: PoolView[] }>('/v1/pools')).body.pools.find((pool) => pool.name === name)
const statesOf = async (pool: string) =>
  (await manager.containers()).filter(({ name }) => name.startsWith(`${pool}-`)).map(({ state }) => state)

before(async () => {
  await manager.start()
  await eventually(async () => (await poolView(lab))?.problem !== null && (await statesOf(manager.pool))[0] === 'ready')
})

describe('a pool whose image lacks something', () => {
  it('says so in a reserve, in the list of pools, in /readyz, in `berth pools` and in the log', async () => {
    const reserve = await manager.get<{ error: string }>(`/reserve?username=alice&pool=${lab}`)
    assert.equal(reserve.status, 503)
    assert.match(reserve.body.error, NO_SUDO)
    const { status, body } = await manager.send('POST', '/v1/reservations', { pool: lab, username: 'alice' })
    assert.deepEqual([status, (body as { code: string }).code], [503, 'pool_unusable'])
    assert.match((body as { detail: string }).detail, NO_SUDO)
    assert.match((await poolView(lab))?.problem ?? '', NO_SUDO)
    const ready = await manager.get<{ status: string; reasons: string[] }>('/readyz')
    assert.deepEqual([ready.status, ready.body.status], [200, 'ready'], 'another pool works')
    assert.ok(ready.body.reasons.some((reason) => reason.startsWith(`pool "${lab}"`) && NO_SUDO.test(reason)))
    assert.match((await berth.run('pools')).stdout, NO_SUDO)
    await manager.shows(RegExp(`"reason":".*neither sudo.*pool ${lab} cannot lend any container`))
    assert.ok(!(await statesOf(lab)).includes('ready'))
  })

  it('lends from the other pools, and refuses those that are merely lent out with 409', async () => {
    assert.equal((await poolView(manager.pool))?.problem, null)
    await manager.reserve({ username: 'alice', pool: manager.pool })
    const again = await manager.get<{ error: string }>(`/reserve?username=bob&pool=${manager.pool}`)
    assert.deepEqual([again.status, again.body.error], [409, 'Only 0 containers available'])
  })

  it('tells those who wait why, and serves them as soon as the image is mended', async () => {
    const key = newKeyPair()
    const wish = { pool: lab, username: 'carol', ssh_keys: [key.publicKey], wait: '5m' }
    const waiting = await manager.send('POST', '/v1/reservations', wish)
    assert.equal(waiting.status, 202)
    const { id, queue } = waiting.body as { id: string; queue: { problem: string } }
    assert.match(queue.problem, NO_SUDO)
    // The longest pause is five minutes, and by now some of it has begun.
    await images.running('lab', ':')
    const began = performance.now()
    interface View {
      state: string
      containers: { port: number }[]
    }
    await eventually(async () => (await manager.get<View>(`/v1/reservations/${id}`)).body.state === 'active')
    assert.ok(performance.now() - began < 25_000, 'at once, and not after a pause')
    const port = (await manager.get<View>(`/v1/reservations/${id}`)).body.containers[0]?.port ?? 0
    const credentials = { port, username: 'carol', privateKey: key.privateKey }
    assert.equal((await loginAndRun(credentials, 'sudo -n id -u')).stdout, '0')
    await eventually(async () => (await statesOf(lab)).includes('ready'))
    assert.equal((await poolView(lab))?.problem, null)
    const { body } = await manager.get<{ reasons?: string[] }>('/readyz')
    assert.ok(!body.reasons?.some((reason) => reason.includes(`"${lab}"`)))
    for (const { name, state, error } of await manager.containers()) {
      if (name.startsWith(`${lab}-`) && state !== 'creating') assert.equal(error, null)
    }
    const other = await manager.reserve({ username: 'dave', pool: lab })
    const login = { port: other.containers[0]?.port ?? 0, username: 'dave', password: 'test' }
    assert.equal((await loginAndRun(login, 'sudo id -u')).stdout, '0')
  })
})

describe('an image that brings its own host key', () => {
  it('gets no two containers ready with it, and says which have it', async () => {
    await manager.until('one ready, one broken', (all) => {
      const ours = all.filter(({ name }) => name.startsWith(`${keys}-`))
      const other = ours.find(({ state }) => state !== 'ready')
      return (
        ours.filter(({ state }) => state === 'ready').length === 1 &&
        /it has the same SSH host key \(SHA256:.+\) as .+: the image contains it/.test(other?.error ?? '')
      )
    })
    assert.equal((await poolView(keys))?.problem, null, 'one of them can be lent')
    // The counter-probe: it really is the image's key.
    const inside = await docker(
      'run',
      '--rm',
      '--entrypoint',
      'ssh-keygen',
      shared,
      '-lf',
      '/keys/ssh_host_ed25519_key.pub',
    )
    const found = (await manager.containers()).find(
      ({ name, state }) => name.startsWith(`${keys}-`) && state === 'ready',
    )
    assert.ok(inside.includes(found?.host_key ?? 'none'))
  })
})
