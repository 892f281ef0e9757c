import assert from 'node:assert/strict'
import { it } from 'node:test'
import { BerthError } from '../../src/domain/errors.ts'
import { assertDiskLimits } from '../../src/engine/disk-limits.ts'
import { pool } from '../../lab/rows.ts'

const instance = { name: 'berth', bind: '127.0.0.1' }
const pools = [pool({ name: 'small', disk: 2 ** 30 }), pool({ name: 'free' }), pool({ name: 'large', disk: 2 ** 33 })]
const config = { file: '/etc/berth/berth.yml', instance, pools }

it('accepts limits that the engine can enforce', async () => {
  const asked: (number | null)[] = []
  const diskProblem = async ({ disk }: { disk: number | null }) => {
    asked.push(disk)
    return null
  }
  await assertDiskLimits({ diskProblem }, config)
  assert.deepEqual(asked, [2 ** 30, 2 ** 33], 'only pools with a limit')
})

it('refuses every limit that it cannot enforce, with its path', async () => {
  await assert.rejects(assertDiskLimits({ diskProblem: async (spec) => `not ${spec.pool}` }, config), {
    code: 'invalid_config',
    message: '/etc/berth/berth.yml cannot be used:\n  pools.small.disk: not small\n  pools.large.disk: not large',
    // Without them, a refused reload would be answered with 500.
    violations: [
      { path: 'pools.small.disk', message: 'not small' },
      { path: 'pools.large.disk', message: 'not large' },
    ],
  })
})

it('checks nothing while the engine does not answer, and hides no other error', async () => {
  const away = async () => Promise.reject(new BerthError('engine_unavailable', 'away'))
  await assertDiskLimits({ diskProblem: away }, config)
  const bug = async () => Promise.reject(new Error('a bug'))
  await assert.rejects(assertDiskLimits({ diskProblem: bug }, config), /a bug/)
})
