/** `berth serve` and `berth migrate`, on the machine of the manager. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { testBerth } from '../support/manager/berth.ts'
import { eventually } from '../../lab/eventually.ts'
import { testManager } from '../../lab/manager.ts'

const manager = await testManager('cliserve', { size: 1 })
const berth = testBerth({ BERTH_CONFIG: join(manager.folder, 'berth.yml') })

describe('berth migrate', () => {
  it('says what it did, and that there is nothing more to do', async () => {
    const file = join(manager.folder, 'containers.db')
    const first = await berth.run('migrate')
    assert.match(first.stdout, new RegExp(`^${file}: applied 0001-initial, 0002-api, 0003-managers`))
    assert.equal((await berth.run('migrate')).stdout, `${file} is up to date.\n`)
    assert.deepEqual(await berth.json('migrate'), { database: file, applied: [] })
  })
})

describe('berth serve', () => {
  it('is the manager, until Ctrl-C', async () => {
    const serving = berth.start('serve')
    await eventually(async () => serving.output().includes('1 of 1 ready'))
    assert.deepEqual((await berth.runWith({ env: { BERTH_URL: manager.url } }, 'ls', '--json')).code, 0)
    const second = await berth.run('serve')
    assert.equal(second.code, 2)
    assert.match(second.stderr, /^berth: cannot listen on .*is another manager running/)
    serving.child.kill('SIGINT')
    assert.equal((await serving.ended).code, 0)
  })

  it('says what is wrong with berth.yml', async () => {
    const { code, stderr } = await berth.runWith({ env: { BERTH_LISTEN: 'nowhere' } }, 'serve')
    assert.equal(code, 2)
    assert.match(stderr, /^berth: .*berth\.yml cannot be used:\n {2}/)
  })
})
