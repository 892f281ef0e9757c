/** With ssh.host_ca and one line in known_hosts, ssh trusts every generation of every container. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import type { Reserved } from '../../src/client/client.ts'
import { testManager } from '../../lab/manager.ts'
import { testBerth } from '../support/manager/berth.ts'
import { codeBlocks, readPage } from '../support/text/markdown.ts'
import { newKeyPair } from '../support/ssh.ts'

const manager = await testManager('hostca', { size: 2, env: { BERTH_SSH_HOST_CA: 'true' } })
const berth = testBerth({ BERTH_URL: manager.url })
const keys = newKeyPair()
const keyFile = join(berth.home, 'key')
const run = promisify(execFile)

/** The user's own ssh, with the known_hosts of the test's home. Nothing is ever asked. */
async function ssh(port: number | null): Promise<string> {
  const known = `UserKnownHostsFile=${join(berth.home, '.ssh/known_hosts')}`
  const options = [known, 'GlobalKnownHostsFile=none', 'StrictHostKeyChecking=yes', 'BatchMode=yes', 'LogLevel=ERROR']
  const args = ['-F', 'none', '-i', keyFile, ...options.flatMap((option) => ['-o', option])]
  const { stdout, stderr } = await run('ssh', [...args, '-p', String(port), 'alice@localhost', 'hostname'])
  assert.equal(stderr, '')
  return stdout.trim()
}

before(async () => {
  await manager.start()
  await manager.untilReady()
  mkdirSync(join(berth.home, '.ssh'), { mode: 0o700 })
  writeFileSync(keyFile, keys.privateKey, { mode: 0o600 })
  writeFileSync(`${keyFile}.pub`, `${keys.publicKey}\n`)
  const [block] = codeBlocks(readPage('docs/sessions.md'), 'bash').filter(({ code }) =>
    code.includes('@cert-authority'),
  )
  assert.ok(block)
  await run('bash', ['-ec', block.code], { env: { ...berth.env, HOME: berth.home } })
})

describe('ssh with the one line of docs/sessions.md', () => {
  it('trusts a container, the next generation of it, and the container after an extension', async () => {
    for (const generation of [1, 2]) {
      const { containers } = await berth.json<Reserved>('reserve', '--user', 'alice', '--key', keyFile)
      const [{ name, port } = { name: '', port: null }] = containers
      assert.equal(await ssh(port), name, `generation ${generation}`)
      await berth.json('extend', name, '--by', '30m')
      assert.equal(await ssh(port), name)
      await berth.run('release', name)
      await manager.untilReady()
    }
  })
})
