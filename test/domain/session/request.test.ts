import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseSessionRequest } from '../../../src/domain/session/request.ts'

const ID = '0123456789ab'

describe('a request of a session command', () => {
  it('is to extend or to release', () => {
    assert.deepEqual(parseSessionRequest(`extend 30m ${ID}`), { type: 'extend', id: ID, byMs: 1_800_000 })
    assert.deepEqual(parseSessionRequest(`extend 1.5h ${ID}`), { type: 'extend', id: ID, byMs: 5_400_000 })
    assert.deepEqual(parseSessionRequest(`release ${ID}`), { type: 'release', id: ID })
  })

  const others = [
    ...['', 'extend', `extend ${ID}`, `extend 30 ${ID}`, `extend -30m ${ID}`, `extend 0m ${ID}`, `extend 30M ${ID}`],
    ...[`extend 1234567m ${ID}`, `extend 30m  ${ID}`, `extend 30m ${ID}0`, `extend 30m ${ID.toUpperCase()}`],
    ...[`release other ${ID}`, `release ${ID} `, ` release ${ID}`, `release ${ID}\r`, `delete ${ID}`],
    ...[`extend 30m ${ID}\nrelease ${ID}`, 'extend 30m 0123456789a\u0431', `extend 1e3m ${ID}`],
  ]
  for (const line of others) {
    it(`is not ${JSON.stringify(line)}`, () => assert.equal(parseSessionRequest(line), null))
  }
})
