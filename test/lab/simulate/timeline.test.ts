/** Virtual time. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Random } from '../../../lab/simulate/random.ts'
import { Timeline } from '../../../lab/simulate/timeline.ts'

const settled = async () => {}

describe('a timeline', () => {
  it('runs tasks in the order of their times, and those of one moment in the order of their coming', async () => {
    const timeline = new Timeline(0)
    const random = new Random(7)
    const times = Array.from({ length: 500 }, () => random.between(0, 100))
    const ran: string[] = []
    for (const [index, time] of times.entries()) {
      timeline.at(time, () => void ran.push(`${timeline.now()} ${index}`))
    }
    await timeline.run(100, settled)
    const order = times.map((time, index) => ({ time, index })).toSorted((a, b) => a.time - b.time || a.index - b.index)
    assert.deepEqual(
      ran,
      order.map(({ time, index }) => `${time} ${index}`),
    )
  })

  it('lets other tasks run while one sleeps, and stands still while one works', async () => {
    const timeline = new Timeline(0)
    const ran: string[] = []
    timeline.at(10, async () => {
      ran.push(`a ${timeline.now()}`)
      await timeline.sleep(20)
      ran.push(`a ${timeline.now()}`)
    })
    timeline.at(15, async () => {
      await new Promise(setImmediate)
      ran.push(`b ${timeline.now()}`)
    })
    await timeline.run(25, settled)
    assert.deepEqual(ran, ['a 10', 'b 15'])
    await timeline.run(40, settled)
    assert.deepEqual(ran, ['a 10', 'b 15', 'a 30'])
    assert.equal(timeline.now(), 40)
  })

  it('cancels timers, and fails with the first error of a task', async () => {
    const timeline = new Timeline(0)
    const ran: string[] = []
    const cancel = timeline.timer(() => void ran.push('cancelled'), 5)
    timeline.timer(() => void ran.push('ran'), 6)
    cancel()
    timeline.at(7, () => Promise.reject(new Error('first')))
    timeline.at(8, () => Promise.reject(new Error('second')))
    await assert.rejects(timeline.run(10, settled), /first/)
    assert.deepEqual(ran, ['ran'])
  })
})
