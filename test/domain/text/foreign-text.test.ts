/** Foreign text, for each sink. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as text from '../../../src/domain/text/foreign-text.ts'
import { CONTROLS, executables, rawIn } from '../../support/text/hostile-texts.ts'

describe('foreign text', () => {
  it('is one harmless line on a terminal', () => {
    for (const control of CONTROLS) {
      const shown = text.forTerminal(`a${control}b`)
      assert.equal(rawIn(shown), null, JSON.stringify(shown))
      assert.doesNotMatch(shown, /\n/)
      assert.match(shown, /^a.*b$/)
    }
    assert.equal(text.forTerminal('größer — 日本語 👍'), 'größer — 日本語 👍')
    assert.equal(text.forTerminal('\ud800'), '?')
  })

  it('keeps its line breaks where it is several lines', () => {
    assert.equal(text.linesForTerminal('a\tb\r\nc\nd\re\u001b[2Jf'), 'a\tb\r\nc\nd?e?[2Jf')
  })

  it('is the same value in JSON, and nothing raw', () => {
    for (const control of CONTROLS) {
      for (const json of [
        text.forJson({ [control]: control }, 2),
        text.escapeJson(JSON.stringify({ [control]: control })),
      ]) {
        assert.equal(rawIn(json), null, json)
        assert.deepEqual(JSON.parse(json), { [control]: control })
      }
    }
  })

  it('is never evaluated by Ansible, and only texts are marked', () => {
    assert.deepEqual(text.forAnsible('{{ x }}'), { __ansible_unsafe: '{{ x }}' })
    // Lists and maps where the API promises a text: a rogue manager sends them.
    assert.deepEqual(text.forAnsible(['{{ x }}']), { __ansible_unsafe: '["{{ x }}"]' })
    assert.deepEqual(text.forAnsible({ __ansible_unsafe: 1, a: '{{ x }}' }), {
      __ansible_unsafe: '{"__ansible_unsafe":1,"a":"{{ x }}"}',
    })
    for (const value of [1, true, null]) assert.equal(text.forAnsible(value), value)
  })

  it('is a name, an address, a port, or it is not', () => {
    const hostile = [
      ...executables('/tmp/x'),
      ...CONTROLS,
      '',
      '-a',
      'a b',
      'a\n',
      '\na',
      'a,b',
      'a%h',
      'x'.repeat(300),
      5,
      null,
    ]
    for (const each of hostile) {
      assert.equal(text.isPlainName(each), false, JSON.stringify(each))
      assert.equal(text.isPlainHost(each), false, JSON.stringify(each))
      assert.equal(text.isContainerName(each), false, JSON.stringify(each))
    }
    for (const name of ['alpine-1', 'my-pool-12']) assert.ok(text.isContainerName(name))
    for (const name of ['localhost', 'all', 'ungrouped', '127.0.0.1', 'Alpine-1'])
      assert.equal(text.isContainerName(name), false)
    for (const name of ['alice', '_a', 'Bob.2', '0a000000']) assert.ok(text.isPlainName(name))
    for (const host of ['localhost', '127.0.0.1', '::1', 'fe80::1', 'lab.example.org'])
      assert.ok(text.isPlainHost(host))
    for (const port of [1, 65_535]) assert.ok(text.isPort(port))
    for (const port of [0, 65_536, 1.5, '22', null]) assert.equal(text.isPort(port), false)
  })
})
