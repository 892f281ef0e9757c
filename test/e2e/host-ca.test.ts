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
import { runOpenSsh } from '../support/openssh.ts'
import { newKeyPair } from '../../lab/key-pair.ts'

const manager = await testManager('hostca', { size: 2, env: { BERTH_SSH_HOST_CA: 'true' } })
const berth = testBerth({ BERTH_URL: manager.url })
const keys = newKeyPair()
const keyFile = join(berth.home, 'key')

/** Returns the name of the container at the port, over ssh with the known_hosts of the test's home. */
async function nameAt(port: number | null): Promise<string> {
  const knownHosts = join(berth.home, '.ssh/known_hosts')
  const login = { destination: 'alice@localhost', port: port ?? 0, keyFile, knownHosts }
  const { stdout, stderr } = await runOpenSsh(login, 'hostname')
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
  await promisify(execFile)('bash', ['-ec', block.code], { env: { ...berth.env, HOME: berth.home } })
})

describe('ssh with the one line of docs/sessions.md', () => {
  it('trusts a container, the next generation of it, and the container after an extension', async () => {
    for (const generation of [1, 2]) {
      const { containers } = await berth.json<Reserved>('reserve', '--user', 'alice', '--key', keyFile)
      const [{ name, port } = { name: '', port: null }] = containers
      assert.equal(await nameAt(port), name, `generation ${generation}`)
      await berth.json('extend', name, '--by', '30m')
      assert.equal(await nameAt(port), name)
      await berth.run('release', name)
      await manager.untilReady()
    }
  })
})
