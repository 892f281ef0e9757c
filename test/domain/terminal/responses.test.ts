import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isResponse } from '../../../src/domain/terminal/responses.ts'

const RESPONSES: readonly [what: string, input: string][] = [
  ['the attributes of the device', '\x1b[?1;2c'],
  ['its further attributes', '\x1b[>0;276;0c'],
  ['its status', '\x1b[0n'],
  ['the position of the cursor', '\x1b[24;80R'],
  ['the position of the cursor with its page', '\x1b[?24;80;1R'],
  ['a mode', '\x1b[?2004;1$y'],
  ['the size of the window', '\x1b[8;24;80t'],
  ['the flags of the keyboard', '\x1b[?0u'],
  ['a colour', '\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\'],
  ['a colour, ended with BEL', '\x1b]4;1;rgb:cdcd/0000/0000\x07'],
  ['a setting', '\x1bP1$r0m\x1b\\'],
  ['the version', '\x1bP>|xterm.js(5.5.0)\x1b\\'],
  ['several at once', '\x1b[?1;2c\x1b[24;80R'],
]

const INPUTS: readonly [what: string, input: string][] = [
  ['nothing', ''],
  ['text', 'ls\r'],
  ['Esc', '\x1b'],
  ['Alt+P', '\x1bP'],
  ['an arrow', '\x1b[A'],
  ['Ctrl and an arrow', '\x1b[1;5A'],
  ['Delete', '\x1b[3~'],
  ['F3', '\x1bOR'],
  ['a key of the Kitty keyboard', '\x1b[97;5u'],
  ['the mouse', '\x1b[<0;10;20M'],
  ['a change of the focus', '\x1b[I'],
  ['a paste that begins like a response', '\x1b[200~\x1b[0n\x1b[201~'],
  ['a response with text after it', '\x1b[0nx'],
  ['half a response', '\x1b]11;rgb:'],
]

describe('isResponse', () => {
  for (const [what, input] of RESPONSES)
    it(`returns true for ${what}`, () => assert.equal(isResponse(Buffer.from(input)), true))
  for (const [what, input] of INPUTS)
    it(`returns false for ${what}`, () => assert.equal(isResponse(Buffer.from(input)), false))

  it('needs time in proportion to the size of the input', () => {
    // CPU time, which does not depend on other processes. With backtracking it would be seconds.
    const began = process.cpuUsage()
    assert.equal(isResponse(Buffer.from('\x1b[1;'.repeat(16_000))), false)
    assert.equal(isResponse(Buffer.from(`${'\x1b[0n'.repeat(16_000)}x`)), false)
    assert.equal(isResponse(Buffer.from(`\x1b]${'1'.repeat(64_000)}`)), false)
    assert.ok(process.cpuUsage(began).user < 500_000)
  })
})
