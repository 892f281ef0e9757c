/** Pools that limit the disk of their containers, on engines of their own whose storage can or cannot do it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { testBerth } from '../support/manager/berth.ts'
import { cannotHaveEngine, privateEngine } from '../support/engine/private-engine.ts'
import { twoPools } from '../support/manager/two-pools.ts'
import { loginAndRun } from '../support/ssh.ts'

const skip = cannotHaveEngine('btrfs')
const MIB = 2 ** 20
/** More than the image needs, which is a part of it with btrfs. */
const LIMIT_MIB = 600
/** Writes 700 MiB, of which no part compresses away, and says how it ended and what fitted. */
const FILL =
  'dd if=/dev/zero of=big bs=1M count=700 2>&1; stat -c %s big; echo more > second || echo "and no second file"'

describe('a storage that limits single containers', { skip }, async () => {
  if (skip !== false) return
  const engine = await privateEngine('berth/box', 'btrfs')
  const pools = await twoPools('disk', { size: 1, engine, pool: { disk: `${LIMIT_MIB}m` } })
  const { manager } = pools

  it('stops a tenant who writes more, and no one else', async () => {
    await manager.start()
    await manager.untilReady()
    const bystander = await pools.holdBystander()
    const alice = pools.loginOf(await pools.reserve('alice'))
    const { stdout } = await loginAndRun(alice, FILL)
    assert.match(stdout, /Disk quota exceeded/)
    assert.match(stdout, /and no second file/)
    const written = Number(/^\d+$/m.exec(stdout)?.[0]) / MIB
    assert.ok(written > 0 && written < LIMIT_MIB, `${written} MiB fitted`)
    const { stdout: elsewhere } = await loginAndRun(bystander.login, 'dd if=/dev/zero of=big bs=1M count=700 2>&1')
    assert.match(elsewhere, /^700\+0 records out/m, 'the pool without a limit writes on')
    await bystander.untouched()
    assert.equal(await pools.releaseAll(), 200)
    await pools.untilReady()
    await pools.soundly()
  })

  it('shows the limit beside the others', async () => {
    const { body } = await manager.get<{ pools: { disk_bytes: number | null }[] }>('/v1/pools')
    assert.deepEqual(
      body.pools.map(({ disk_bytes }) => disk_bytes),
      [LIMIT_MIB * MIB, null],
    )
    const { stdout } = await testBerth({ BERTH_URL: manager.url }).run('pools')
    assert.match(stdout, /1 CPU, 512 MiB, 600 MiB disk, sudo/)
  })
})

describe('a storage that cannot', { skip }, async () => {
  if (skip !== false) return
  const engine = await privateEngine()
  const pools = await twoPools('no-disk', { size: 1, engine, pool: { disk: '5g' } })

  it('makes the manager refuse berth.yml at its start, with the remedy, and leaves no container behind', async () => {
    const path = `pools.${pools.manager.pool}.disk: Docker's storage driver (overlay2 on extfs) cannot limit the disk`
    await assert.rejects(pools.manager.start(), ({ message }: Error) => {
      assert.ok(message.includes(path), message)
      assert.match(message, /xfs that is mounted with "pquota", on btrfs or on zfs; or take "disk" out of the pool/)
      return true
    })
    assert.equal(await engine.docker('ps', '--all', '--quiet'), '')
  })
})
