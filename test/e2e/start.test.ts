/** What a person sees who starts it, rightly or wrongly. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { testManager } from '../../lab/manager.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const manager = await testManager('start', { size: 1 })

/** Starts one that must not come up. */
function refused(env: NodeJS.ProcessEnv, ...args: string[]): { status: number | null; stderr: string } {
  const { status, stderr } = spawnSync(process.execPath, [MAIN, ...args], { env, encoding: 'utf8', timeout: 20_000 })
  return { status, stderr }
}

describe('a start', () => {
  it('shows one block: address, berth.yml, database, engine, accounts, and how the pool fills', async () => {
    await manager.start()
    await manager.untilReady()
    await manager.until('told', () => manager.output.includes('1 of 1 ready'))
    const block = manager.output.split('\n').filter((line) => line.startsWith('  ') || line === 'Berth')
    assert.deepEqual(block.map((line) => line.trim().split(/\s+/)[0]).slice(0, 8), [
      'Berth',
      'serving',
      'config',
      'database',
      'engine',
      'accounts',
      'access',
      'pools',
    ])
    assert.match(manager.output, /engine +docker \d+\.\d+/)
  })

  it('keeps the database, which holds password hashes, to its owner', () => {
    for (const suffix of ['', '-wal', '-shm']) {
      assert.equal(statSync(join(manager.folder, `containers.db${suffix}`)).mode & 0o777, 0o600, suffix)
    }
  })

  it('is refused while another one serves, with what to do', () => {
    const { status, stderr } = refused(manager.environment)
    assert.equal(status, 1)
    assert.match(stderr, /^berth: cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE.*; is another manager running\?/)
    assert.doesNotMatch(stderr, /\n {4}at /)
  })

  it('is refused with every problem of a wrong berth.yml', () => {
    const file = join(manager.folder, 'wrong.yml')
    writeFileSync(
      file,
      'listen: 0.0.0.0:80\nauth: none\npools: { alpine: { size: 10, ssh_ports: 2221-2225, colour: red } }\n',
    )
    const { status, stderr } = refused({ ...manager.environment, BERTH_CONFIG: file })
    assert.equal(status, 1)
    assert.match(stderr, /pools\.alpine\.ssh_ports: 5 ports for 10 containers: widen the range or lower size/)
    assert.match(stderr, /pools\.alpine\.colour: unknown key/)
    assert.match(stderr, /listen: must be a loopback address/)
  })

  it('is refused for a command that there is not', () => {
    const { status, stderr } = refused(manager.environment, 'fly')
    assert.equal(status, 1)
    assert.match(stderr, /unknown command "fly"; allowed: serve/)
  })
})
