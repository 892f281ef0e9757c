import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RecurringProblems } from '../../src/reconcile/recurring-problems.ts'

const MINUTE = 60_000

function scene() {
  let now = 1_000_000
  const logged: string[] = []
  const write = (message: string, fields?: object) => {
    const { reason, count } = fields as { reason: string; count?: number }
    logged.push(`${message}: ${reason}${count === undefined ? '' : ` [${count}]`}`)
  }
  const problems = new RecurringProblems({
    clock: () => now,
    log: { debug: write, info: write, warn: write, error: write },
  })
  return {
    problems,
    /** Returns what has been logged since the last call. */
    said: () => logged.splice(0),
    occur: (reason = 'no disk', kind: 'event' | 'state' = 'event', key = 'a') =>
      problems.occurred(key, { level: 'warn', message: `${key} failed`, reason, kind }),
    advance: (ms: number) => {
      now += ms
    },
  }
}

describe('a problem that goes on', () => {
  it('is logged at once, then at growing intervals with how often it occurred', () => {
    const { occur, said, advance } = scene()
    const at: number[] = []
    for (let second = 0; second < 3_600; second += 1) {
      occur()
      if (said().length > 0) at.push(second)
      advance(1_000)
    }
    assert.deepEqual(at, [0, 60, 180, 420, 900, 1_860])
    advance(3_600_000)
    occur()
    assert.deepEqual(said(), ['a failed (3601 times in 2h): no disk [3601]'])
  })

  it('is logged with its duration, if each tick observes it', () => {
    const { occur, said, advance } = scene()
    occur('no disk', 'state')
    advance(2 * MINUTE)
    occur('no disk', 'state')
    assert.deepEqual(said(), ['a failed: no disk', 'a failed (for 2m): no disk'])
  })

  it('is logged at once for another reason, but not for one that only varies', () => {
    const { occur, said } = scene()
    occur('alpine-1 has no sudo')
    occur('alpine-2 has no sudo')
    occur('the image is missing')
    occur('alpine-3 has no sudo')
    assert.deepEqual(said().length, 2)
    for (const letter of 'abcdefgh') occur(`reason ${letter}`)
    assert.equal(said().length, 3, 'a reason that is always another one does not fill the log')
  })

  it('is forgotten once it is solved, and is apart from others', () => {
    const { problems, occur, said } = scene()
    assert.equal(problems.solved('a'), false)
    occur()
    occur('no disk', 'event', 'b')
    assert.equal(said().length, 2)
    assert.equal(problems.solved('a'), true)
    assert.equal(problems.solved('a'), false)
    occur()
    assert.deepEqual(said(), ['a failed: no disk'])
  })

  it('is logged again after the clock was set back', () => {
    const { occur, said, advance } = scene()
    occur()
    advance(-10 * MINUTE)
    occur()
    assert.equal(said().length, 2)
  })
})
