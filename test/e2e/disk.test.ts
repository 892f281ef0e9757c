/** A pool with a limit of its disk, on an engine whose storage cannot enforce one. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cannotHaveEngine, privateEngine } from '../support/engine/private-engine.ts'
import { twoPools } from '../support/manager/two-pools.ts'

const skip = cannotHaveEngine()

describe('a storage that cannot limit the disk of a container', { skip }, async () => {
  if (skip !== false) return
  const engine = await privateEngine()
  const pools = await twoPools('no-disk', { size: 1, engine, pool: { disk: '5g' } })

  it('makes the manager refuse berth.yml at its start, with the remedy, and leaves no container behind', async () => {
    const path = `pools.${pools.manager.pool}.disk: Docker's storage driver (overlay2 on extfs) cannot limit the disk`
    await assert.rejects(pools.manager.start(), ({ message }: Error) => {
      assert.ok(message.includes(path), message)
      assert.match(message, /xfs that is mounted with "pquota", or on zfs; or take "disk" out of the pool/)
      return true
    })
    assert.equal(await engine.docker('ps', '--all', '--quiet'), '')
  })
})
