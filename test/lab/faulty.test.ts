import assert from 'node:assert/strict'
import { it } from 'node:test'
import { faulty, onCall } from '../../lab/faulty.ts'

class Counter {
  #count = 0
  async add(amount: number): Promise<number> {
    this.#count += amount
    return this.#count
  }
}

const error = new Error('lost')

it('fails the chosen call only, with or without its effect', async () => {
  const before = faulty(new Counter(), onCall('add', 2, { when: 'before', error }))
  assert.equal(await before.add(1), 1)
  await assert.rejects(before.add(1), error)
  assert.equal(await before.add(1), 2)

  const after = faulty(new Counter(), onCall('add', 2, { when: 'after', error }))
  assert.equal(await after.add(1), 1)
  await assert.rejects(after.add(1), error)
  assert.equal(await after.add(1), 3)
})
