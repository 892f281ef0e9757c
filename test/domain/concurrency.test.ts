import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createLimit } from '../../src/domain/concurrency.ts'

test('a limit that rises or falls counts for the next job that could start', async () => {
  let limit = 1
  const run = createLimit(() => limit)
  const running: PromiseWithResolvers<void>[] = []
  const jobs = Array.from({ length: 6 }, () =>
    run(() => {
      const job = Promise.withResolvers<void>()
      running.push(job)
      return job.promise
    }),
  )
  const finish = async () => {
    running.shift()?.resolve()
    await turn()
  }
  await turn()
  assert.equal(running.length, 1)
  limit = 3
  await finish()
  assert.equal(running.length, 3)
  limit = 1
  await finish()
  await finish()
  assert.equal(running.length, 1, 'none has started while more than the limit were running')
  await finish()
  await finish()
  await finish()
  await Promise.all(jobs)
})
