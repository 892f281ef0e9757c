/** The limits of a gateway: per address, per container, and in total. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  ConnectionLimits,
  MAX_CONNECTIONS,
  MAX_NEW_PER_CONTAINER,
  MAX_NEW_PER_SOURCE,
  MAX_NEW_PER_SOURCE_AND_CONTAINER,
  MAX_PER_CONTAINER,
} from '../../../src/usecases/gateway/limits.ts'

const NONE = { all: 0, ofContainer: 0 }

describe('the limits of a gateway', () => {
  it('refuse an address that connects too often to one container, and no other address', () => {
    const limits = new ConnectionLimits(() => 0)
    const attempt = { source: 'a', port: 1 }
    for (let nth = 1; nth <= MAX_NEW_PER_SOURCE_AND_CONTAINER; nth += 1) {
      assert.equal(limits.exceeded(attempt, NONE), null)
    }
    assert.deepEqual(limits.exceeded(attempt, NONE), {
      limit: `${MAX_NEW_PER_SOURCE_AND_CONTAINER} new connections from one address to one container in 10 s`,
      isFirst: true,
    })
    assert.equal(limits.exceeded(attempt, NONE)?.isFirst, false)
    assert.equal(limits.exceeded({ source: 'a', port: 2 }, NONE), null)
    assert.equal(limits.exceeded({ source: 'b', port: 1 }, NONE), null)
  })

  it('refuse many addresses that connect to one container, and an address that connects to many', () => {
    const limits = new ConnectionLimits(() => 0)
    for (let nth = 1; nth <= MAX_NEW_PER_CONTAINER; nth += 1) {
      assert.equal(limits.exceeded({ source: String(nth), port: 1 }, NONE), null)
    }
    assert.match(limits.exceeded({ source: 'z', port: 1 }, NONE)?.limit ?? '', /new connections to one container/)
    for (let nth = 2; nth <= MAX_NEW_PER_SOURCE + 1; nth += 1) {
      assert.equal(limits.exceeded({ source: 'a', port: nth }, NONE), null)
    }
    assert.match(limits.exceeded({ source: 'a', port: 9_999 }, NONE)?.limit ?? '', /from one address in 10 s/)
  })

  it('count anew after the window, also when the clock was set back', () => {
    let now = 100_000
    const limits = new ConnectionLimits(() => now)
    const attempt = { source: 'a', port: 1 }
    for (const later of [100_000, 110_000, 50_000]) {
      now = later
      for (let nth = 1; nth <= MAX_NEW_PER_SOURCE_AND_CONTAINER; nth += 1) limits.exceeded(attempt, NONE)
      assert.equal(limits.exceeded(attempt, NONE)?.isFirst, true)
    }
  })

  it('refuse what is too many at once', () => {
    const limits = new ConnectionLimits(() => 0)
    const attempt = { source: 'a', port: 1 }
    assert.match(limits.exceeded(attempt, { all: MAX_CONNECTIONS, ofContainer: 0 })?.limit ?? '', /open connections$/)
    assert.match(
      limits.exceeded(attempt, { all: MAX_PER_CONTAINER, ofContainer: MAX_PER_CONTAINER })?.limit ?? '',
      /open connections to one container$/,
    )
  })
})
