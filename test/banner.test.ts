/** What a starting manager prints. */
import { describe, it } from 'node:test'
import { followFilling } from '../src/banner.ts'
import { BerthError } from '../src/domain/errors.ts'
import { createPools } from '../src/domain/pools.ts'
import { container, pool } from '../lab/rows.ts'
import { eventually } from '../lab/eventually.ts'

describe('the progress of pools', () => {
  it('is read again after the database was unavailable', async () => {
    let reads = 0
    const snapshot = async () => {
      if (++reads === 1) throw new BerthError('database_unavailable', 'connection refused')
      return { containers: [container({ pool: 'p', state: 'ready' })], reservations: [], sizes: new Map() }
    }
    const stop = followFilling({ snapshot }, createPools([pool({ size: 1 })]))
    await eventually(async () => reads === 2)
    await stop()
  })
})
