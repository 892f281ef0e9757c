/** How often an engine is asked to kill that does not answer; what a kill does to containers, the contract shows with a real one. */
import assert from 'node:assert/strict'
import { syncBuiltinESMExports } from 'node:module'
import { mock, type TestContext, test } from 'node:test'
import type { Docker } from '../../../src/engine/docker/connection.ts'
import { killForGood } from '../../../src/engine/docker/kill.ts'

/** Milliseconds after the first at which the others were sent, until `most` have passed without an answer to any. */
async function attempts(t: TestContext, held: boolean, most: number): Promise<number[]> {
  mock.timers.enable({ apis: ['setTimeout'] })
  // What was imported by name stays what it was without it.
  syncBuiltinESMExports()
  t.after(() => {
    mock.timers.reset()
    syncBuiltinESMExports()
  })
  const sent: number[] = []
  let now = 0
  const silent: Pick<Docker, 'post'> = {
    post(path) {
      if (path.endsWith('/kill')) sent.push(now)
      return new Promise(() => undefined)
    },
  }
  void killForGood(silent as Docker, 'a', { cpus: async () => 2, held }, new AbortController().signal)
  for (; now <= most; now += 50) {
    await new Promise(setImmediate)
    mock.timers.tick(50)
  }
  return sent
}

test('Who may be in is killed again and again within a second; then ever more rarely: a slow engine gets no faster by it', async (t) => {
  assert.deepEqual(await attempts(t, false, 10_000), [0, 150, 550, 950, 1_350, 2_150, 3_750, 6_950])
})

test('What is frozen has its time', async (t) => {
  assert.deepEqual(await attempts(t, true, 30_000), [0, 6_000, 12_000, 18_000, 24_000, 30_000])
})
