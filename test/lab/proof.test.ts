import assert from 'node:assert/strict'
import { it } from 'node:test'
import { readTried, tried } from '../../lab/proof.ts'

it('a promise is told with what was tried for it', (t) => {
  const said: string[] = []
  t.mock.method(t, 'diagnostic', (message: string) => said.push(message))
  tried(t, 3, 'ways')
  assert.deepEqual(said.map(readTried), [
    { promise: 'a promise is told with what was tried for it', cases: 3, what: 'ways' },
  ])
  assert.throws(() => tried(t, 0, 'ways'), /nothing was tried/)
  assert.equal(readTried('something else'), null)
})
