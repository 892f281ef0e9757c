import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Allowance } from '../../src/domain/allowance.ts'

it('an allowance is used up, refills with time up to its maximum, and gains nothing from a clock that is set back', () => {
  const allowance = new Allowance({ capacity: 2, perSecond: 1 }, 10_000)
  assert.deepEqual(
    [allowance.take(1, 10_000), allowance.take(1, 10_000), allowance.take(1, 10_500)],
    [true, true, false],
  )
  assert.equal(allowance.take(1, 11_000), true)
  assert.equal(allowance.take(1, 5_000), false)
  assert.equal(allowance.take(1, 6_000), true)
  assert.deepEqual(
    [allowance.take(3, 99_000), allowance.take(2, 99_000), allowance.take(1, 99_000)],
    [false, true, false],
  )
})
