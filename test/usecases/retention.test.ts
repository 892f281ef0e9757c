/** Old rows are deleted in small batches that do not block other writers. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createRetention } from '../../src/usecases/retention.ts'

const DAY = 86_400_000
const MINUTES = 60_000

function scene(answers: readonly (number | Error)[], sessions: number[] = []) {
  let now = 100 * DAY
  const asked: number[] = []
  const logged: string[] = []
  const write = (message: string) => void logged.push(message)
  const prune = async (before: number) => {
    const answer = answers[asked.length] ?? 0
    asked.push(before)
    if (answer instanceof Error) throw answer
    return { reservations: 0, events: answer }
  }
  const ended: number[] = []
  const pruneSessions = async (at: number) => {
    ended.push(at)
    return sessions.shift() ?? 0
  }
  const log = { debug: write, info: write, warn: write, error: write }
  const retention = createRetention({ store: { prune, pruneSessions }, clock: () => now, log, keepMs: () => 90 * DAY })
  const advance = (ms: number) => {
    now += ms
  }
  return { retention, asked, ended, logged, advance, now: () => now }
}

describe('retention', () => {
  it('deletes what is older than `keep`, and checks again in ten minutes', async () => {
    const { retention, asked, now, advance } = scene([3])
    assert.equal((await retention.step()) - now(), 10 * MINUTES)
    assert.deepEqual(asked, [10 * DAY])
    advance(10 * MINUTES - 1)
    assert.equal((await retention.step()) - now(), 1)
    assert.equal(asked.length, 1)
    advance(1)
    await retention.step()
    assert.equal(asked.length, 2)
  })

  it('continues after a second while there is more', async () => {
    const { retention, asked, now, advance } = scene([500, 500, 7])
    assert.equal((await retention.step()) - now(), 1_000)
    advance(1_000)
    assert.equal((await retention.step()) - now(), 1_000)
    advance(1_000)
    assert.equal((await retention.step()) - now(), 10 * MINUTES)
    assert.equal(asked.length, 3)
  })

  it('deletes sessions that have ended, and continues while there are more', async () => {
    const { retention, ended, now, advance } = scene([], [500, 1])
    assert.equal((await retention.step()) - now(), 1_000)
    advance(1_000)
    assert.equal((await retention.step()) - now(), 10 * MINUTES)
    assert.deepEqual(ended, [100 * DAY, 100 * DAY + 1_000])
  })

  it('retries after a failure', async () => {
    const { retention, asked, logged, now, advance } = scene([new Error('disk full')])
    assert.equal((await retention.step()) - now(), 10 * MINUTES)
    assert.match(logged.join(), /will retry/)
    advance(10 * MINUTES)
    await retention.step()
    assert.equal(asked.length, 2)
  })

  it('does not wait for years after the clock was wrong', async () => {
    const { retention, asked, advance } = scene([])
    await retention.step()
    advance(-50 * DAY)
    await retention.step()
    assert.equal(asked.length, 2)
  })
})
