import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openHostCa } from '../../src/accounts/host-ca.ts'
import type { RunningGuest } from '../support/engine/guests.ts'
import { runOpenSsh } from '../support/openssh.ts'
import { newKeyPair } from '../../lab/key-pair.ts'
import { login } from '../support/ssh.ts'
import { account, type Bench } from './accounts-bench.ts'

const HOUR = 3_600_000

export function hostCertificatesContract({ accounts, guest, create }: Bench): void {
  const ca = openHostCa(Buffer.alloc(32, 3))

  async function certify(target: RunningGuest, principals: readonly string[], validBefore: number): Promise<void> {
    const { hostPublicKey } = await accounts.survey(target, { timeoutMs: 20_000, fresh: false })
    assert.ok(hostPublicKey !== null)
    const validAfter = validBefore - 2 * HOUR
    const certificate = ca.sign({ hostPublicKey, keyId: target.name, principals, validAfter, validBefore })
    const outcomes = await accounts.writeHostCertificates(new Map([[target, certificate]]))
    assert.deepEqual([...outcomes], [[target.name, null]])
  }

  test('ssh that trusts only the CA logs in while the certificate is valid, and after a renewal', async () => {
    const target = await guest()
    const { privateKey, publicKey } = newKeyPair()
    await create([target], await account({ sshKeys: [publicKey] }))
    const ssh = () => sshKnowing(`@cert-authority [127.0.0.1]:* ${ca.publicKey}`, target.port, privateKey)
    assert.match((await ssh()).stderr, /Host key verification failed/)
    await certify(target, ['127.0.0.1'], Date.now() - HOUR)
    assert.match((await ssh()).stderr, /Certificate invalid: expired/)
    const open = await login({ port: target.port, username: 'alice', privateKey })
    await certify(target, ['127.0.0.1'], Date.now() + HOUR)
    assert.deepEqual(await ssh(), { code: 0, stdout: 'alice\n', stderr: '' })
    assert.equal((await open.exec('whoami')).stdout, 'alice')
    open.close()
    await certify(target, ['another.host'], Date.now() + HOUR)
    assert.match((await ssh()).stderr, /Certificate invalid: name is not a listed principal/)
  })

  test('a link in place of the certificate is replaced, and its target is not written', async () => {
    const target = await guest()
    await create([target], await account({ sudo: true }))
    const session = await login({ port: target.port, username: 'alice', password: 'test' })
    const file = '/etc/ssh/ssh_host_ed25519_key-cert.pub'
    const { code, stderr } = await session.exec(`sudo sh -c 'echo kept >/srv/target; ln -sf /srv/target ${file}'`)
    assert.deepEqual([code, stderr], [0, ''])
    await certify(target, ['127.0.0.1'], Date.now() + HOUR)
    const { stdout } = await session.exec(`cat /srv/target; cut -d' ' -f1 ${file}`)
    assert.equal(stdout, 'kept\nssh-ed25519-cert-v01@openssh.com')
    session.close()
  })
}

/** Runs whoami over ssh with this one line of known_hosts. */
async function sshKnowing(line: string, port: number, privateKey: string) {
  const folder = await mkdtemp(join(tmpdir(), 'berth-known-'))
  try {
    const [known, key] = [join(folder, 'known_hosts'), join(folder, 'key')]
    await writeFile(known, `${line}\n`)
    await writeFile(key, privateKey, { mode: 0o600 })
    return await runOpenSsh({ destination: 'alice@127.0.0.1', port, keyFile: key, knownHosts: known }, 'whoami')
  } finally {
    await rm(folder, { recursive: true })
  }
}
