import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BerthError } from '../../src/domain/errors.ts'
import { PostponedWrites } from '../../src/usecases/postponed-writes.ts'

const UNAVAILABLE = new BerthError('database_unavailable', 'connection refused')

describe('postponed writes', () => {
  it('repeats each write until it succeeds, also after another one has failed for good', async () => {
    const postponed = new PostponedWrites()
    const internal = new BerthError('internal', 'no such table')
    const attempts: string[] = []
    const failing = (name: string, ...errors: Error[]) =>
      postponed.write(async () => {
        attempts.push(name)
        const error = errors.shift()
        if (error) throw error
      })
    await failing('broken', UNAVAILABLE, internal)
    await failing('late', UNAVAILABLE, UNAVAILABLE)
    await failing('early', UNAVAILABLE)
    await assert.rejects(postponed.retry(), internal)
    assert.deepEqual(attempts.splice(0), ['broken', 'late', 'early', 'broken', 'late', 'early'])
    await postponed.retry()
    await postponed.retry()
    assert.deepEqual(attempts, ['late'])
  })
})
