import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PoolChange } from '../../../src/domain/series/pool-change.ts'
import { sizeMs } from '../../../src/domain/series/sizes.ts'
import { stepsOf } from '../../../src/domain/series/steps.ts'

const scaled = (at: number, detail: string): PoolChange => ({
  ...{ id: at, at, kind: 'pool.scaled', pool: 'p', detail },
  ...{ container: null, generation: null, reservation: null },
})

const PRESENT = 8
const CONFIGURED = 5

describe('sizes of a pool', () => {
  const cases: readonly [title: string, changes: readonly PoolChange[], sizes: readonly number[]][] = [
    ['no change: the present size', [], [8, 8, 8]],
    ['one change: berth.yml before, the present size after', [scaled(110, '8')], [5, 8, 8]],
    ['in the middle of a step', [scaled(115, '8')], [5, 6.5, 8]],
    ['several', [scaled(110, '2'), scaled(120, '8')], [5, 2, 8]],
    ['back to berth.yml', [scaled(110, '12'), scaled(120, '5, as in berth.yml')], [5, 12, 8]],
    ['before the span', [scaled(10, '3'), scaled(120, '8')], [3, 3, 8]],
    ['only before the span', [scaled(10, '3')], [8, 8, 8]],
    ['after the span', [scaled(10, '3'), scaled(500, '8')], [3, 3, 3]],
    ['text that is no size', [scaled(10, '3'), scaled(105, 'many'), scaled(120, '8')], [3, 3, 8]],
  ]
  for (const [title, changes, sizes] of cases) {
    it(title, () => {
      const ms = sizeMs(stepsOf(100, 130, 10), 100, changes, { present: PRESENT, configured: CONFIGURED })
      assert.deepEqual(
        [...ms].map((sum) => sum / 10),
        sizes,
      )
    })
  }

  it('count from the start of the kept events', () => {
    const ms = sizeMs(stepsOf(100, 130, 10), 115, [], { present: PRESENT, configured: CONFIGURED })
    assert.deepEqual([...ms], [0, 5 * PRESENT, 10 * PRESENT])
  })
})
