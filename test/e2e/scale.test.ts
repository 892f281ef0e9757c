/** `berth scale`: shows how the pool fills on a terminal, and answers at once elsewhere. */
import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { testManager } from '../../lab/manager.ts'
import { testBerth } from '../support/manager/berth.ts'

const manager = await testManager('scale', { size: 3 })
const berth = testBerth({ BERTH_URL: manager.url })

before(async () => {
  await manager.start()
  await manager.untilReady()
})

it('answers at once without a terminal', async () => {
  const { stdout, stderr } = await berth.run('scale', manager.pool, '0')
  assert.deepEqual([stdout, stderr], [`${manager.pool} has 0 slots now (berth.yml: 3).\n`, ''])
})

it('shows how the pool fills on a terminal, and ends when it is full', async () => {
  const { code, shown } = await berth.inTerminal('scale', manager.pool, 'default')
  assert.equal(code, 0, shown)
  assert.match(shown, / has 3 slots now\.\n.* [0-2] of 3 containers ready or reserved \(\ds\)/s)
  assert.match(await berth.run('pools').then(({ stdout }) => stdout), / 3 {2}/)
})
