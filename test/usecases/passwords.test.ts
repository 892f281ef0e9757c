import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { idempotentRequest } from '../../src/usecases/idempotency.ts'
import { passwordFor } from '../../src/usecases/passwords/passwords.ts'
import { wordList } from '../../src/usecases/passwords/word-list.ts'

const KEY = `ssh-ed25519 ${'A'.repeat(68)}`

describe('passwordFor', () => {
  const cases = [
    ['nothing', {}, /^[a-zA-Z2-9]{20}$/, true],
    ['keys', { sshKeys: [KEY] }, null, false],
    ['keys and a style', { sshKeys: [KEY], passwordStyle: 'random' }, /^[a-zA-Z2-9]{20}$/, true],
    ['words', { passwordStyle: 'words' }, /^[a-z]{3,8}(-[a-z]{3,8}){3}$/, false],
    ['none', { password: null, passwordStyle: 'words' }, null, false],
  ] as const
  for (const [what, request, pattern, isRandom] of cases) {
    it(`given ${what}`, () => {
      const { text, shown, isRandom: fast } = passwordFor(request)
      assert.equal(fast, isRandom)
      assert.equal(text, shown())
      if (pattern === null) assert.equal(text, null)
      else assert.match(text ?? '', pattern)
    })
  }

  it('gives other words each time, and the same ones for the same Idempotency-Key and salt', () => {
    const words = () => passwordFor({ passwordStyle: 'words' }).text
    assert.equal(new Set(Array.from({ length: 100 }, words)).size, 100)
    const secret = Buffer.alloc(32, 1)
    const request = (sent: string) => {
      const idempotency = idempotentRequest(sent, {}, secret)
      return passwordFor({ passwordStyle: 'words', idempotency }).shown('1:salt')
    }
    assert.equal(request('key'), request('key'))
    assert.notEqual(request('key'), request('other'))
  })

  it('uses every word', () => {
    const seen = new Set<string>()
    for (let round = 0; round < 8_000; round += 1) {
      for (const word of passwordFor({ passwordStyle: 'words' }).text?.split('-') ?? []) seen.add(word)
    }
    assert.ok(seen.size > 2_040, `${seen.size} of 2,048 words in 32,000`)
  })
})

describe('wordList', () => {
  it('has 2,048 words of 3 to 8 letters, of which the first four are unique', () => {
    const list = wordList()
    assert.equal(list.length, 2_048)
    assert.equal(new Set(list.map((word) => word.slice(0, 4))).size, 2_048)
    assert.deepEqual(
      list.filter((word) => !/^[a-z]{3,8}$/.test(word)),
      [],
    )
  })
})
