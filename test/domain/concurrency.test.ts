import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createLimit, shareRuns } from '../../src/domain/concurrency.ts'

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

test('calls share a run that began after them, and no earlier one', async () => {
  const runs: PromiseWithResolvers<number>[] = []
  const call = shareRuns(() => {
    const run = Promise.withResolvers<number>()
    runs.push(run)
    return run.promise
  })
  const first = call()
  const later = [call(), call()]
  assert.equal(runs.length, 1)
  runs[0]?.reject(new Error('the first run fails'))
  await assert.rejects(first, /the first run fails/)
  await turn()
  assert.equal(runs.length, 2)
  runs[1]?.resolve(2)
  assert.deepEqual(await Promise.all(later), [2, 2])
  const again = call()
  runs[2]?.resolve(3)
  assert.equal(await again, 3)
})
