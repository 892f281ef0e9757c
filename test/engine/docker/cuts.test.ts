import assert from 'node:assert/strict'
import { it, mock } from 'node:test'
import { BerthError } from '../../../src/core/errors.ts'
import { createCuts } from '../../../src/engine/docker/cuts.ts'

/** An engine on which everything takes as long as it is told. */
function engine() {
  const events: string[] = []
  /** Ids of those of whom it was known, when they were killed, that they were frozen. */
  const held: string[] = []
  const open = new Map<string, PromiseWithResolvers<boolean>>()
  const begin = (what: string) => (id: string, isHeld?: boolean) => {
    events.push(`${what} ${id}`)
    if (isHeld) held.push(id)
    const { promise, resolve, reject } = Promise.withResolvers<boolean>()
    open.set(`${what} ${id}`, { promise, resolve, reject })
    return promise
  }
  const kill = begin('kill')
  const barred: string[] = []
  const lifted: string[] = []
  const cuts = createCuts({
    bar: async (id) => void barred.push(id),
    lift: async (ids) => void lifted.push(...ids),
    freeze: begin('freeze'),
    kill: async (...args) => void (await kill(...args)),
  })
  return {
    events,
    held,
    barred,
    lifted,
    ...cuts,
    /** Ends what has begun by then; '' only lets everybody have their turn. `outcome` of a freeze: whether it worked. */
    async end(what: string, outcome: Error | boolean = true): Promise<void> {
      await turns()
      if (what === '') return
      const ending = open.get(what)
      assert.ok(ending, `${what} has not begun`)
      if (outcome instanceof Error) ending.reject(outcome)
      else ending.resolve(outcome)
      await turns()
    },
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate)
}

const ids = (count: number) => Array.from({ length: count }, (_, index) => `${index + 1}`)

it('one alone is killed at once', async () => {
  const { cut, end, events, barred } = engine()
  const done = cut('1')
  await end('')
  assert.deepEqual(events, ['kill 1'])
  await end('kill 1')
  await done
  assert.deepEqual(barred, [])
})

it('of many, all are frozen before any but the first are killed, and all are killed in the end', async () => {
  const { cut, end, events, held, barred, lifted } = engine()
  const done = Promise.all(ids(12).map((id) => cut(id)))
  await end('')
  const killed = () => events.filter((event) => event.startsWith('kill'))
  for (const id of ids(12).slice(2, -1)) await end(`freeze ${id}`)
  assert.deepEqual(killed(), ['kill 1', 'kill 2'])
  assert.deepEqual(lifted, [])
  await end('freeze 12')
  // Before the kill: the address of what is dead is another one's at once.
  assert.deepEqual(lifted, ids(12).slice(2))
  // Two more beside those that are under way, and the others in their turn.
  assert.deepEqual(killed(), ['kill 1', 'kill 2', 'kill 3', 'kill 4'])
  for (const id of ids(12)) await end(`kill ${id}`)
  await done
  assert.deepEqual(
    killed(),
    ids(12).map((id) => `kill ${id}`),
  )
  assert.equal(events.length, 12 + 10)
  assert.deepEqual(held, ids(12).slice(2))
  assert.deepEqual(barred, ids(12))
  assert.deepEqual(new Set(lifted), new Set(ids(12)))
})

it('what cannot be frozen is killed all the same, and a kill that fails makes room for the next', async () => {
  const { cut, end, events } = engine()
  const outcomes = Promise.allSettled(ids(5).map((id) => cut(id)))
  await end('')
  await end('freeze 3', new BerthError('engine_failed', 'the freezer is broken'))
  await end('freeze 4')
  await end('freeze 5')
  for (const id of ids(5)) await end(`kill ${id}`, id === '1' ? new BerthError('engine_failed', 'no') : undefined)
  assert.deepEqual(
    (await outcomes).map(({ status }) => status),
    ['rejected', ...Array(4).fill('fulfilled')],
  )
  assert.equal(events.filter((event) => event.startsWith('kill')).length, 5)
})

it('who may still be in is frozen again each second until it is their turn, and is no patient kill', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.after(() => mock.timers.reset())
  const { cut, end, events, held } = engine()
  const done = Promise.all(ids(5).map((id) => cut(id)))
  await end('')
  for (const id of ['3', '4']) await end(`freeze ${id}`)
  await end('freeze 5', false)
  const frozen = () => events.filter((event) => event === 'freeze 5').length
  mock.timers.tick(1_100)
  await end('')
  assert.equal(frozen(), 2)
  await end('freeze 5', false)
  for (const id of ids(5)) await end(`kill ${id}`)
  await done
  assert.equal(frozen(), 2)
  assert.deepEqual(held, ['3', '4'])
})

it('a kill that takes too long, while others end, is a failure of its own', async () => {
  const { cut, end, events } = engine()
  const outcomes = Promise.allSettled(ids(100).map((id) => cut(id)))
  await end('')
  for (const id of ids(100).slice(2)) await end(`freeze ${id}`)
  await end('kill 2')
  await end('kill 1', new BerthError('engine_unavailable', 'no answer within 10000 ms'))
  for (const id of ids(100).slice(2)) await end(`kill ${id}`)
  assert.deepEqual(
    (await outcomes).map(({ status }) => status),
    ['rejected', ...Array(99).fill('fulfilled')],
  )
  assert.equal(events.filter((event) => event.startsWith('kill')).length, 100)
})

it('an engine that does not answer is not asked to freeze again and again', async () => {
  const { cut, end, events } = engine()
  const done = Promise.all(ids(20).map((id) => cut(id)))
  await end('')
  for (const id of ids(20).slice(2, 18)) await end(`freeze ${id}`, new BerthError('engine_unavailable', 'nobody there'))
  assert.equal(events.filter((event) => event.startsWith('freeze')).length, 16)
  for (const nth of ids(20).keys()) await end(events.filter((event) => event.startsWith('kill'))[nth] ?? 'a kill')
  await done
})

it('kills that do not end make room for others, a few at a time', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.after(() => mock.timers.reset())
  const { cut, end, events } = engine()
  const done = Promise.all(ids(20).map((id) => cut(id)))
  await end('')
  for (const id of ids(20).slice(2)) await end(`freeze ${id}`)
  const killed = () => events.filter((event) => event.startsWith('kill')).length
  assert.equal(killed(), 4)
  mock.timers.tick(1_900)
  await end('')
  assert.equal(killed(), 4)
  mock.timers.tick(200)
  await end('')
  assert.equal(killed(), 8)
  mock.timers.tick(2_100)
  await end('')
  assert.equal(killed(), 12)
  // One of them ends after all: the others have to wait again.
  await end('kill 12')
  mock.timers.tick(1_900)
  await end('')
  assert.equal(killed(), 12)
  for (const id of ids(20)) if (id !== '12') await end(`kill ${id}`)
  await done
})

it('when the engine does not answer, that is said of all who wait, and not found out for each', async () => {
  const { cut, end, events } = engine()
  const outcomes = Promise.allSettled(ids(100).map((id) => cut(id)))
  await end('')
  for (const id of ids(100).slice(2)) await end(`freeze ${id}`)
  for (const id of ids(4)) await end(`kill ${id}`, new BerthError('engine_unavailable', 'nobody there'))
  assert.deepEqual(
    (await outcomes).map(({ status }) => status),
    Array(100).fill('rejected'),
  )
  assert.equal(events.filter((event) => event.startsWith('kill')).length, 4)
  // It goes on when it is back.
  const done = cut('101')
  await end('kill 101')
  await done
})

it('who could not be frozen while the engine did not answer is frozen when it does', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.after(() => mock.timers.reset())
  const now = mock.method(performance, 'now', () => 0)
  t.after(() => now.mock.restore())
  const { cut, end, events } = engine()
  const done = Promise.all(ids(8).map((id) => cut(id)))
  await end('')
  for (const id of ids(7).slice(2)) await end(`freeze ${id}`)
  const frozen = () => events.filter((event) => event === 'freeze 8').length
  await end('freeze 8', new BerthError('engine_unavailable', 'too busy'))
  assert.equal(frozen(), 1)
  now.mock.mockImplementation(() => 1_100)
  mock.timers.tick(1_100)
  await end('')
  assert.equal(frozen(), 2)
  await end('freeze 8')
  for (const id of ids(8)) await end(`kill ${id}`)
  await done
  assert.equal(frozen(), 2)
})

it('others may wait until nobody is to be frozen any more', async () => {
  const { cut, calm, end } = engine()
  await calm()
  const done = Promise.all(ids(5).map((id) => cut(id)))
  await end('')
  let isCalm = false
  const calmed = calm().then(() => {
    isCalm = true
  })
  await end('freeze 3')
  await end('freeze 4')
  assert.equal(isCalm, false)
  await end('freeze 5')
  assert.equal(isCalm, true)
  await calmed
  for (const id of ids(5)) await end(`kill ${id}`)
  await done
})
