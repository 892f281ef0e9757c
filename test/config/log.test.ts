import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { POOL, problems, read } from '../support/config.ts'

const pools = { alpine: POOL }

describe('log', () => {
  it('is a level, or a map of level and format', () => {
    assert.deepEqual(read({ pools }).log, { level: 'info', format: null })
    assert.deepEqual(read({ pools, log: 'debug' }).log, { level: 'debug', format: null })
    assert.deepEqual(read({ pools, log: { format: 'json' } }).log, { level: 'info', format: 'json' })
    assert.deepEqual(read({ pools, log: { level: 'warn', format: 'text' } }).log, { level: 'warn', format: 'text' })
  })

  it('is overridden by the environment', () => {
    const log = { level: 'warn', format: 'text' }
    assert.deepEqual(read({ pools, log: 'warn' }, { BERTH_LOG_FORMAT: 'json' }).log, { level: 'warn', format: 'json' })
    assert.deepEqual(read({ pools, log }, { BERTH_LOG_LEVEL: 'error' }).log, { level: 'error', format: 'text' })
    assert.deepEqual(read({ pools, log }, { BERTH_LOG: 'error' }).log, { level: 'error', format: null })
  })

  it('is checked', () => {
    assert.deepEqual(problems({ pools, log: 'loud' }), ['log: must be debug or info or warn or error, not "loud"'])
    assert.deepEqual(problems({ pools, log: { level: 'loud', format: 'xml', file: 'x' } }), [
      'log.file: unknown key; allowed: level, format',
      'log.level: must be debug or info or warn or error, not "loud"',
      'log.format: must be text or json, not "xml"',
    ])
    assert.deepEqual(problems({ pools, log: ['debug'] }), ['log: must be a map of keys to values'])
  })
})
