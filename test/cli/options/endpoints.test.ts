/** How paths in containers and ports of forwards are written. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { parseEndpoint, parseForwards, parseTransfer } from '../../../src/cli/options/endpoints.ts'
import { rsyncShell } from '../../../src/cli/ssh/transfer.ts'

describe('a path', () => {
  const cases: readonly [text: string, endpoint: object][] = [
    ['notes.txt', { kind: 'local', path: './notes.txt' }],
    ['../a', { kind: 'local', path: '../a' }],
    ['/a:b', { kind: 'local', path: '/a:b' }],
    ['./a:b', { kind: 'local', path: './a:b' }],
    ['-rf', { kind: 'local', path: './-rf' }],
    ['.', { kind: 'local', path: './.' }],
    ['.git', { kind: 'local', path: './.git' }],
    ['alpine-1:/tmp/x', { kind: 'remote', name: 'alpine-1', path: '/tmp/x' }],
    ['alpine-1:', { kind: 'remote', name: 'alpine-1', path: '' }],
    ['lab 7:a:b', { kind: 'remote', name: 'lab 7', path: 'a:b' }],
    [':a', { kind: 'remote', name: undefined, path: 'a' }],
  ]
  for (const [text, endpoint] of cases) {
    it(`is local or in a container: ${text}`, () => assert.deepEqual(parseEndpoint(text), endpoint))
  }
})

describe('a transfer', () => {
  it('goes into one container, or out of one', () => {
    const up = { name: 'web', direction: 'upload', sources: ['./a', './b'], target: 'c' }
    assert.deepEqual(parseTransfer(['a', 'b', 'web:c']), up)
    const down = { name: 'web', direction: 'download', sources: ['a', 'b'], target: './c' }
    assert.deepEqual(parseTransfer(['web:a', 'web:b', 'c']), down)
  })

  for (const words of [['a'], [], ['a', 'b'], ['web:a', 'web:b'], ['web:a', 'db:b', 'c'], ['a', 'web:b', 'web:c']]) {
    it(`is refused otherwise: ${words.join(' ')}`, () => {
      assert.throws(() => parseTransfer(words), { name: 'Failure', exit: 2, advice: /`berth cp/ })
    })
  }
})

describe('ports to forward', () => {
  it('are local ones, and those of the container where they differ', () => {
    const forwards = [
      { local: 8000, remote: 8000 },
      { local: 8080, remote: 80 },
    ]
    assert.deepEqual(parseForwards(['web', '8000', '8080:80']), { name: 'web', forwards })
    assert.deepEqual(parseForwards(['8000', '8080:80']), { name: undefined, forwards })
    assert.equal(parseForwards(['12345678', '80']).name, '12345678', 'an id of digits only')
  })

  for (const words of [
    [],
    ['web'],
    ['web', '0'],
    ['web', '65536'],
    ['web', '80:'],
    ['web', '80:x'],
    ['web', '1:2:3'],
  ]) {
    it(`are refused otherwise: ${words.join(' ')}`, () => {
      assert.throws(() => parseForwards(words), { name: 'Failure', exit: 2, advice: /`berth forward/ })
    })
  }
})

it('rsync starts ssh with the words that it is given', { skip: !hasRsync() && 'rsync is not installed' }, () => {
  const words = ['a b', "it's", '"quoted"', 'plain', 'UserKnownHostsFile="/tmp/x y"']
  const script = `printf '<%s>' "$@" >&2; exit 1`
  const shell = rsyncShell(['sh', '-c', script, '-', ...words])
  let said = ''
  try {
    execFileSync('rsync', ['-e', shell, 'host:path', '.'], { stdio: ['ignore', 'ignore', 'pipe'] })
  } catch (error) {
    said = String((error as { stderr: Buffer }).stderr)
  }
  assert.ok(said.startsWith(words.map((word) => `<${word}>`).join('')), said)
})

function hasRsync(): boolean {
  try {
    execFileSync('rsync', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
