import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { POOL, problems, read } from '../support/config.ts'

const holding = (hold: unknown) => ({ auth: 'none', pools: { p: { ...POOL, hold } } })
const holdOf = (tree: unknown, env: Record<string, string> = {}) => read(tree, env).pools[0]?.hold

describe('pools.NAME.hold', () => {
  it('is null by default', () => {
    assert.equal(holdOf({ auth: 'none', pools: { p: POOL } }), null)
  })

  it('has a maximum duration and a number of containers, from the file or the environment', () => {
    assert.deepEqual(holdOf(holding({ max: '1h', containers: 2 })), { max: 3_600_000, containers: 2 })
    const env = { BERTH_POOLS_P_HOLD_MAX: '30m', BERTH_POOLS_P_HOLD_CONTAINERS: '1' }
    assert.deepEqual(holdOf({ auth: 'none', pools: { p: POOL } }, env), { max: 1_800_000, containers: 1 })
  })

  it('is refused if it is incomplete or invalid', () => {
    assert.deepEqual(problems(holding({ max: '1h' })), [
      'pools.p.hold.containers: must be a whole number from 1 to 10000, not nothing',
    ])
    assert.deepEqual(problems(holding({ max: '30s', containers: 0, min: 1 })), [
      'pools.p.hold.min: unknown key; allowed: max, containers',
      'pools.p.hold.containers: must be a whole number from 1 to 10000, not 0',
      'pools.p.hold.max: must be at least 1m',
    ])
    assert.deepEqual(problems(holding('1h')), [
      'pools.p.hold: must be a map of keys to values',
      'pools.p.hold.max: must be a duration like 90s, 60m, 24h or 7d, not nothing',
      'pools.p.hold.containers: must be a whole number from 1 to 10000, not nothing',
    ])
  })
})
