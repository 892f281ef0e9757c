import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readSshKeys } from '../../../src/domain/text/ssh-key.ts'

const ALICE = `ssh-ed25519 ${'A'.repeat(68)} alice@laptop`
const BOB = `ssh-rsa ${'B'.repeat(372)}== bob with a long comment`
const TOKEN = `sk-ssh-ed25519@openssh.com ${'C'.repeat(90)}`

describe('readSshKeys', () => {
  const good: readonly (readonly [what: string, text: string, keys: readonly string[]])[] = [
    ['one line', ALICE, [ALICE]],
    ['a line feed at the end', `${ALICE}\n`, [ALICE]],
    ['the lines of Windows', `${ALICE}\r\n${BOB}\r\n`, [ALICE, BOB]],
    ['the byte order mark of an editor', `\uFEFF${ALICE}`, [ALICE]],
    ['several keys, blank lines and comments', `# laptop\n${ALICE}\n\n  # token\n  ${TOKEN}\n\n`, [ALICE, TOKEN]],
    ['the same key twice', `${ALICE}\n${ALICE}`, [ALICE]],
    ['tabs and blanks between the parts', ALICE.replaceAll(' ', ' \t '), [ALICE]],
    ['no comment', TOKEN, [TOKEN]],
  ]
  for (const [what, text, keys] of good) {
    it(`reads ${what}`, () => assert.deepEqual(readSshKeys(text), { keys, problem: null }))
  }

  const bad: readonly (readonly [text: string, says: RegExp])[] = [
    ['', /^contains no public key$/],
    ['\n# nothing yet\n', /^contains no public key$/],
    ['nonsense', /^must be a line of a public key file, such as "ssh-ed25519 AAAA/],
    [`${ALICE}\nnonsense`, /^line 2 must be a line of a public key file/],
    [`command="id" ${ALICE}`, /^begins with options .* not supported: leave out what is before the type/],
    [`# x\n\nno-pty,from="10.0.0.0/8" ${BOB}`, /^line 3 begins with options/],
    [`cert-authority ${ALICE}`, /^begins with options/],
    ['-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n', /^line 1 begins a private key, .*\.pub$/],
    ['PuTTY-User-Key-File-3: ssh-ed25519', /^begins a private key/],
    ['---- BEGIN SSH2 PUBLIC KEY ----', /^begins a key in another format .*`ssh-keygen -i -f FILE`/],
    ['ssh-dss AAAAB3NzaC1kc3MAAACBAKD4', /^must be a line/],
    ['ssh-ed25519 AAAA', /^must be a line/],
    [`${ALICE}\u0007`, /^must be a line/],
  ]
  for (const [text, says] of bad) {
    it(`refuses ${JSON.stringify(text).slice(0, 50)}`, () => {
      const { keys, problem } = readSshKeys(text)
      assert.deepEqual(keys, [])
      assert.match(problem ?? '', says)
      assert.ok(!problem?.includes('c2VjcmV0'), 'a private key is not repeated')
    })
  }
})
