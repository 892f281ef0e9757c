import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Returns a new key pair in OpenSSH's formats. It is made by ssh-keygen, because ssh2 1.17 could not parse 12 of 3,000
 * pairs that it had made itself.
 */
export function newKeyPair(comment = 'berth-test'): { privateKey: string; publicKey: string } {
  const folder = mkdtempSync(join(tmpdir(), 'berth-key-'))
  try {
    const file = join(folder, 'key')
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', file])
    return { privateKey: readFileSync(file, 'utf8'), publicKey: readFileSync(`${file}.pub`, 'utf8').trim() }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
