/**
 * How often a kill is sent to an engine that does not answer. The contract with a real engine shows what kills do.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Docker } from '../../../../src/engine/docker/api/client.ts'
import { killForGood } from '../../../../src/engine/docker/container/kill.ts'
import { ManualTimers } from '../../../support/engine/manual-timers.ts'

/** Returns when the kills after the first were sent, within `most` milliseconds without an answer. Milliseconds. */
async function attempts(isUrgent: boolean, most: number): Promise<number[]> {
  const sent: number[] = []
  const timers = new ManualTimers()
  const silent: Pick<Docker, 'post'> = {
    post(path) {
      if (path.endsWith('/kill')) sent.push(timers.now())
      return new Promise(() => undefined)
    },
  }
  void killForGood(silent as Docker, 'a', { cpus: async () => 2, isUrgent, timers }, new AbortController().signal)
  await timers.pass(most)
  return sent
}

test('an urgent kill is repeated within a second, then ever more rarely: a slow engine gets no faster by it', async () => {
  assert.deepEqual(await attempts(true, 10_000), [0, 150, 550, 950, 1_350, 2_150, 3_750, 6_950])
})

test('one of many kills is repeated rarely', async () => {
  assert.deepEqual(await attempts(false, 30_000), [0, 6_000, 12_000, 18_000, 24_000, 30_000])
})
