import { deepEqual, equal, ok } from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { ApiError } from '../../src/client/client.ts'
import { BulkRun, type BulkTask } from '../../web/src/parts/bulk/bulk-run.ts'
import { progressText, resultText } from '../../web/src/parts/bulk/bulk-text.ts'

const ITEMS = Array.from({ length: 30 }, (_, index) => ({ id: `id-${index}`, name: `alpine-${index}` }))
const task = (act: BulkTask['act']): BulkTask => ({ title: 'Release 30', done: 'released', items: ITEMS, act })

describe('an action on many items', () => {
  it('acts on each once, on four at a time', async () => {
    const acted: string[] = []
    let now = 0
    let most = 0
    const run = new BulkRun(
      task(async (id) => {
        most = Math.max(most, ++now)
        await turn()
        acted.push(id)
        now--
      }),
    )
    await run.start()
    equal(most, 4)
    deepEqual(
      acted,
      ITEMS.map(({ id }) => id),
    )
    deepEqual([run.progress.done, run.progress.refused.length, run.progress.isOver], [30, 0, true])
  })

  it('goes on after refusals, names them, and tries only those again', async () => {
    const refused = new Set(['id-3', 'id-7', 'id-29'])
    const tried: string[] = []
    const run = new BulkRun(
      task(async (id) => {
        tried.push(id)
        if (refused.has(id)) throw new ApiError(409, 'conflict', `${id} is ending`)
      }),
    )
    await run.start()
    equal(tried.length, 30)
    deepEqual(
      run.progress.refused.map(({ name }) => name),
      ['alpine-3', 'alpine-7', 'alpine-29'],
    )
    equal(progressText(run.progress, 30, 'released'), '27 released, 3 refused')
    equal(resultText(run.progress.results.get('id-3'), 'released'), 'refused: id-3 is ending (conflict)')
    refused.delete('id-7')
    tried.length = 0
    await run.again()
    deepEqual(tried, ['id-3', 'id-7', 'id-29'])
    equal(progressText(run.progress, 30, 'released'), '28 released, 2 refused')
  })

  it('does not try again what has ended or is gone', async () => {
    const codes: Record<string, string> = { 'id-1': 'not_active', 'id-2': 'not_found', 'id-3': 'conflict' }
    const tried: string[] = []
    const run = new BulkRun(
      task(async (id) => {
        tried.push(id)
        const code = codes[id]
        if (code !== undefined) throw new ApiError(409, code, 'refused')
      }),
    )
    await run.start()
    deepEqual([run.progress.refused.length, run.progress.retryable.map(({ id }) => id)], [3, ['id-3']])
    tried.length = 0
    await run.again()
    deepEqual(tried, ['id-3'])
  })

  it('waits while the manager limits requests', async () => {
    const pauses: number[] = []
    let limited = 3
    const run = new BulkRun(
      task(async () => {
        if (limited-- > 0) throw new ApiError(429, 'rate_limited', 'too many requests')
      }),
      { pause: async (ms) => void pauses.push(ms) },
    )
    await run.start()
    equal(run.progress.done, 30)
    equal(pauses.length, 3)
  })

  it('refuses an item that stays rate-limited', async () => {
    const run = new BulkRun(
      task(() => Promise.reject(new ApiError(429, 'rate_limited', 'too many requests'))),
      { pause: () => Promise.resolve() },
    )
    await run.start()
    equal(run.progress.refused.length, 30)
  })

  it('reports each change', async () => {
    const texts = new Set<string>()
    const run: BulkRun = new BulkRun(
      task(() => turn()),
      { onChange: () => texts.add(progressText(run.progress, 30, 'released')) },
    )
    await run.start()
    ok(texts.has('12 of 30 released'))
    ok(texts.has('30 released'))
  })
})
