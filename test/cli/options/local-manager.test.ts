/** The address at which the command finds the manager of this machine. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { localManagerUrl } from '../../../src/cli/options/local-manager.ts'

const folder = mkdtempSync(join(tmpdir(), 'berth-local-'))
after(() => rmSync(folder, { recursive: true }))

function file(name: string, content: string): string {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

const missing = join(folder, 'missing.yml')

describe('the manager of this machine', () => {
  const cases: readonly [listen: string, url: string][] = [
    ['127.0.0.1:9000', 'http://localhost:9000'],
    ['"[::1]:9000"', 'http://localhost:9000'],
    ['0.0.0.0:80', 'http://localhost:80'],
    ['192.0.2.7:8080', 'http://192.0.2.7:8080'],
    ['"[2001:db8::7]:8080"', 'http://[2001:db8::7]:8080'],
    ['127.0.0.1:0', 'http://localhost:8080'],
    ['nonsense', 'http://localhost:8080'],
    ['"evil@host:1"', 'http://localhost:8080'],
    ['{ host: a }', 'http://localhost:8080'],
  ]
  for (const [listen, url] of cases) {
    it(`that listens on ${listen} is at ${url}`, () => {
      assert.equal(localManagerUrl({}, [missing, file('berth.yml', `listen: ${listen}\n`)]), url)
    })
  }

  it('is described by BERTH_LISTEN, by the file of BERTH_CONFIG, or by the first file that exists', () => {
    const [first, second] = [file('a.yml', 'listen: a:1'), file('b.yml', 'listen: b:2')]
    assert.equal(localManagerUrl({}, [missing, first, second]), 'http://a:1')
    assert.equal(localManagerUrl({ BERTH_CONFIG: second }, [first]), 'http://b:2')
    assert.equal(localManagerUrl({ BERTH_CONFIG: missing }, [first]), 'http://localhost:8080')
    assert.equal(localManagerUrl({ BERTH_CONFIG: second, BERTH_LISTEN: '127.0.0.1:3' }, [first]), 'http://localhost:3')
  })

  it('has the default address without a file, and with one that is not valid', () => {
    assert.equal(localManagerUrl({}, [missing]), 'http://localhost:8080')
    assert.equal(localManagerUrl({}, [file('broken.yml', 'listen: "x')]), 'http://localhost:8080')
    assert.equal(localManagerUrl({}, [folder]), 'http://localhost:8080')
    assert.equal(localManagerUrl({}, [file('list.yml', '- listen')]), 'http://localhost:8080')
  })
})
