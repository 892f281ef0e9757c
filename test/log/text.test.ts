/** The log on a terminal. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { textLine } from '../../src/log/text.ts'

const at = new Date(2026, 10, 29, 17, 17, 6).getTime()
const PLAIN = { hasColors: false, showsFields: false }

describe('a line of the log', () => {
  it('has the local time and the message, without the fields', () => {
    const fields = { reservation: '87830adc-0000', ms: 5 }
    const line = textLine({ level: 'info', message: 'reserved lab-2 for user (87830adc) in 5 ms', fields, at }, PLAIN)
    assert.equal(line, '17:17:06 reserved lab-2 for user (87830adc) in 5 ms\n')
  })

  it('has the level, unless that is info, and the reason of an error', () => {
    const fields = { reason: 'no space left' }
    assert.equal(
      textLine({ level: 'error', message: 'tick failed', fields, at }, PLAIN),
      '17:17:06 error tick failed: no space left\n',
    )
    assert.equal(
      textLine({ level: 'warn', message: 'lab-1 is broken', at }, PLAIN),
      '17:17:06 warning lab-1 is broken\n',
    )
  })

  it('shows a stack trace on lines of its own, where there is one', () => {
    const fields = { reason: 'x', stack: 'Error: x\n    at y' }
    const line = textLine({ level: 'error', message: 'a request failed', fields, at }, PLAIN)
    assert.equal(line, '17:17:06 error a request failed: x\n    Error: x\n        at y\n')
  })

  it('shows fields at the level debug, shortened', () => {
    const fields = { status: 200, keys: ['a'], long: 'x'.repeat(200), none: undefined }
    const line = textLine({ level: 'debug', message: 'GET /', fields, at }, { ...PLAIN, showsFields: true })
    assert.equal(line, `17:17:06 debug GET / status=200 keys=["a"] long=${'x'.repeat(80)}… none=undefined\n`)
  })

  it('has colours only for the level', () => {
    const colored = { ...PLAIN, hasColors: true }
    assert.equal(textLine({ level: 'info', message: 'x', at }, colored), '17:17:06 x\n')
    assert.equal(textLine({ level: 'error', message: 'x', at }, colored), '17:17:06 \u001b[31merror \u001b[39mx\n')
  })
})
