import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseVariable } from '../../../src/cli/ssh/remote-environment.ts'

describe('--env', () => {
  const here = { SET: 'value', EMPTY: '' }

  it('takes a value, or that of this machine', () => {
    assert.deepEqual(parseVariable('NAME=a=b\nc', here), ['NAME', 'a=b\nc'])
    assert.deepEqual(parseVariable('NAME=', here), ['NAME', ''])
    assert.deepEqual(parseVariable('SET', here), ['SET', 'value'])
    assert.deepEqual(parseVariable('EMPTY', here), ['EMPTY', ''])
  })

  it('refuses what is not set, and what is no name, without showing values', () => {
    assert.throws(() => parseVariable('UNSET', here), { exit: 2, message: /UNSET is not set here/ })
    for (const wrong of ['', '=secret', '1A=secret', 'A-B=secret', '$(x)=secret']) {
      assert.throws(
        () => parseVariable(wrong, here),
        (error: Error) => error.name === 'Failure' && !error.message.includes('secret'),
      )
    }
  })
})
