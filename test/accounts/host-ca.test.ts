import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { openHostCa } from '../../src/accounts/host-ca.ts'
import { newKeyPair } from '../../lab/key-pair.ts'

const START = Date.UTC(2026, 0, 2, 3, 4, 5)
const END = Date.UTC(2026, 0, 2, 4, 4, 5)
const SECRET = Buffer.alloc(32, 1)

/** Returns what OpenSSH reads in a certificate. */
function read(certificate: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'berth-certificate-'))
  try {
    const file = join(folder, 'key-cert.pub')
    writeFileSync(file, `${certificate}\n`)
    return execFileSync('ssh-keygen', ['-L', '-f', file], { env: { ...process.env, TZ: 'UTC' }, encoding: 'utf8' })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('a host CA', () => {
  const request = {
    keyId: 'alpine-1 generation 2 reservation 3',
    principals: ['alpine-1', 'lab.example'],
    validAfter: START,
    validBefore: END,
  }

  it('signs certificates that OpenSSH reads', () => {
    const ca = openHostCa(SECRET)
    const shown = read(ca.sign({ ...request, hostPublicKey: newKeyPair().publicKey }))
    assert.match(shown, /Type: ssh-ed25519-cert-v01@openssh\.com host certificate/)
    assert.match(shown, /Key ID: "alpine-1 generation 2 reservation 3"/)
    assert.match(shown, /Valid: from 2026-01-02T03:04:05 to 2026-01-02T04:04:05/)
    assert.match(
      shown,
      /Principals: \n\s+alpine-1\n\s+lab\.example\n\s+Critical Options: \(none\)\n\s+Extensions: \(none\)/,
    )
  })

  it('has the same key for the same secret, and another one for another', () => {
    const [first, again, other] = [SECRET, Buffer.from(SECRET), Buffer.alloc(32, 2)].map(openHostCa)
    assert.match(first?.publicKey ?? '', /^ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI[\w+/]{43}$/)
    assert.equal(again?.publicKey, first?.publicKey)
    assert.notEqual(other?.publicKey, first?.publicKey)
  })

  it('refuses to sign a key of another type', () => {
    assert.throws(() => openHostCa(SECRET).sign({ ...request, hostPublicKey: 'ssh-rsa AAAAB3NzaC1yc2EAAAA=' }), {
      message: 'not an ed25519 key',
    })
  })
})
