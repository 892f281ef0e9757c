import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { mostSimilar } from '../../../src/domain/text/similar.ts'

describe('a suggestion', () => {
  const known = ['size', 'image', 'ssh_ports', 'memory', 'cpus', 'sudo', 'reach', 'prepare']
  const cases: readonly [word: string, meant: string | null][] = [
    ['memroy', 'memory'],
    ['Memory', 'memory'],
    ['ssh_port', 'ssh_ports'],
    ['sshports', 'ssh_ports'],
    ['cpu', 'cpus'],
    ['imgae', 'image'],
    ['colour', null],
    ['x', null],
    ['', null],
  ]
  for (const [word, meant] of cases) {
    it(`for "${word}" is ${meant ?? 'nothing'}`, () => assert.equal(mostSimilar(word, known), meant))
  }

  it('needs candidates', () => assert.equal(mostSimilar('size', []), null))
})
