import assert from 'node:assert/strict'
import { it, mock } from 'node:test'
import { BerthError } from '../../../src/core/errors.ts'
import { createCuts } from '../../../src/engine/docker/cuts.ts'
import { turns } from '../../support/turns.ts'

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
  const waiting = { bar: [] as (() => void)[], lift: [] as (() => void)[] }
  const heldUp = new Set<'bar' | 'lift'>()
  const wait = async (what: 'bar' | 'lift') => {
    if (heldUp.has(what)) await new Promise<void>((resolve) => waiting[what].push(resolve))
  }
  const cuts = createCuts({
    bar: async (id) => {
      barred.push(id)
      await wait('bar')
    },
    lift: async (ids) => {
      lifted.push(...ids)
      await wait('lift')
    },
    freeze: begin('freeze'),
    kill: async (...args) => void (await kill(...args)),
  })
  return {
    events,
    held,
    barred,
    lifted,
    ...cuts,
    /** From now on each of these takes until what this gives is called. */
    holdUp(what: 'bar' | 'lift'): () => void {
      heldUp.add(what)
      return () => waiting[what].shift()?.()
    },
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

it('two are killed at once, and who comes then is barred and frozen, as they are barred', async () => {
  const { cut, end, events, barred } = engine()
  const done = Promise.all(ids(2).map((id) => cut(id)))
  await end('')
  assert.deepEqual([events, barred], [['kill 1', 'kill 2'], []])
  const third = cut('3')
  await end('')
  assert.deepEqual(events.slice(2), ['freeze 3'])
  assert.deepEqual(new Set(barred), new Set(ids(3)))
  await end('freeze 3')
  assert.deepEqual(events.slice(3), ['kill 3'])
  for (const id of ids(3)) await end(`kill ${id}`)
  await Promise.all([done, third])
})

it('of many, all but the last two are frozen before any are killed, and all are killed in the end', async () => {
  const { cut, end, events, held, barred, lifted } = engine()
  const done = Promise.all(ids(16).map((id) => cut(id)))
  await end('')
  assert.deepEqual(barred, ids(16))
  const killed = () => events.filter((event) => event.startsWith('kill'))
  for (const id of ids(13)) await end(`freeze ${id}`)
  assert.deepEqual([killed(), lifted], [[], []])
  await end('freeze 14')
  // Before the kill: the address of what is dead is another one's at once.
  assert.deepEqual(lifted, ids(14))
  assert.deepEqual(
    killed(),
    ids(8).map((id) => `kill ${id}`),
  )
  await end('freeze 15')
  await end('freeze 16')
  assert.deepEqual(lifted, ids(16))
  for (const id of ids(16)) await end(`kill ${id}`)
  await done
  assert.deepEqual(
    killed(),
    ids(16).map((id) => `kill ${id}`),
  )
  assert.equal(events.length, 16 + 16)
  assert.deepEqual(held, ids(16))
})

it('nobody is killed before they are lifted, whoever is frozen meanwhile', async () => {
  const { cut, end, events, holdUp } = engine()
  const lift = holdUp('lift')
  const done = Promise.all(ids(4).map((id) => cut(id)))
  await end('')
  for (const id of ids(3)) await end(`freeze ${id}`)
  const killed = () => events.filter((event) => event.startsWith('kill'))
  assert.deepEqual(killed(), [])
  // The second lift is that of those who were frozen during the first one.
  lift()
  await end('')
  assert.deepEqual(killed(), [])
  lift()
  await end('')
  assert.deepEqual(new Set(killed()), new Set(['kill 1', 'kill 2', 'kill 3']))
  await end('freeze 4')
  lift()
  for (const id of ids(4)) await end(`kill ${id}`)
  await done
})

it('nobody is killed before they are lifted, whoever comes meanwhile', async () => {
  const { cut, end, events, holdUp, lifted } = engine()
  const first = Promise.all(ids(3).map((id) => cut(id)))
  await end('')
  const bar = holdUp('bar')
  await end('freeze 1')
  await end('freeze 2')
  const last = cut('4')
  await end('freeze 3')
  bar()
  await end('kill 1')
  assert.deepEqual([lifted.includes('3'), events.includes('kill 3')], [false, false])
  await end('freeze 4')
  assert.deepEqual(lifted.slice(2), ['3', '4'])
  for (const id of ids(4).slice(1)) await end(`kill ${id}`)
  await Promise.all([first, last])
})

it('while somebody is being barred no more kills are begun, and one who comes while others are frozen is barred and frozen, too', async () => {
  const { cut, end, events, holdUp, barred } = engine()
  const first = Promise.all(ids(12).map((id) => cut(id)))
  await end('')
  const bar = holdUp('bar')
  const another = cut('13')
  await end('')
  assert.equal(barred.at(-1), '13')
  bar()
  for (const id of ids(13)) await end(`freeze ${id}`)
  const killed = () => events.filter((event) => event.startsWith('kill')).length
  assert.equal(killed(), 8)
  const last = cut('14')
  await end('kill 1')
  assert.equal(killed(), 8)
  bar()
  await end('freeze 14')
  assert.equal(killed(), 9)
  for (const id of ids(14).slice(1)) await end(`kill ${id}`)
  await Promise.all([first, another, last])
})

it('what cannot be frozen is killed all the same, and a kill that fails makes room for the next', async () => {
  const { cut, end, events, held } = engine()
  const outcomes = Promise.allSettled(ids(10).map((id) => cut(id)))
  await end('')
  await end('freeze 1', new BerthError('engine_failed', 'the freezer is broken'))
  for (const id of ids(10).slice(1)) await end(`freeze ${id}`)
  for (const nth of ids(10).keys()) {
    const kill = events.filter((event) => event.startsWith('kill'))[nth] ?? 'a kill'
    await end(kill, kill === 'kill 2' ? new BerthError('engine_failed', 'no') : undefined)
  }
  assert.equal((await outcomes).filter(({ status }) => status === 'rejected').length, 1)
  assert.equal((await outcomes)[1]?.status, 'rejected')
  assert.deepEqual(
    held.toSorted((a, b) => Number(a) - Number(b)),
    ids(10).slice(1),
  )
})

it('who may still be in is frozen again each second until it is their turn, and is no patient kill', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.after(() => mock.timers.reset())
  const { cut, end, events, held } = engine()
  const done = Promise.all(ids(9).map((id) => cut(id)))
  await end('')
  for (const id of ids(8)) await end(`freeze ${id}`)
  await end('freeze 9', false)
  const frozen = () => events.filter((event) => event === 'freeze 9').length
  mock.timers.tick(1_100)
  await end('')
  assert.equal(frozen(), 2)
  await end('freeze 9', false)
  for (const id of ids(9)) await end(`kill ${id}`)
  await done
  assert.equal(frozen(), 2)
  assert.deepEqual(held, ids(8))
})

it('a kill that takes too long, while others end, is a failure of its own', async () => {
  const { cut, end, events } = engine()
  const outcomes = Promise.allSettled(ids(100).map((id) => cut(id)))
  await end('')
  for (const id of ids(100)) await end(`freeze ${id}`)
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
  for (const id of ids(16)) await end(`freeze ${id}`, new BerthError('engine_unavailable', 'nobody there'))
  assert.equal(events.filter((event) => event.startsWith('freeze')).length, 16)
  for (const nth of ids(20).keys()) await end(events.filter((event) => event.startsWith('kill'))[nth] ?? 'a kill')
  await done
})

/** Of 28, ten can be frozen; in each second that passes the others are tried again. */
function partlyFrozen() {
  const { cut, end, events, held } = engine()
  const done = Promise.all(ids(28).map((id) => cut(id)))
  const isFreezable = (id: string) => Number(id) <= 10
  const killed = () => events.filter((event) => event.startsWith('kill'))
  const freeze = async (all: readonly string[]) => {
    for (const id of all) await end(`freeze ${id}`, isFreezable(id))
  }
  const isLeft = (id: string) => !isFreezable(id) && !killed().includes(`kill ${id}`)
  return {
    end,
    held,
    killed,
    freeze,
    async pass(seconds: number): Promise<void> {
      for (let second = 0; second < seconds; second += 1) {
        mock.timers.tick(1_000)
        await end('')
        await freeze(ids(28).filter(isLeft))
      }
    },
    async endAll(): Promise<void> {
      for (const nth of ids(28).keys()) await end(killed()[nth] ?? 'a kill')
      await done
    },
  }
}

it('kills that do not end make room for those who may still be in, a few at a time, and for nobody who is frozen', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.after(() => mock.timers.reset())
  const { end, held, killed, freeze, pass, endAll } = partlyFrozen()
  await end('')
  await freeze(ids(28))
  await pass(4)
  assert.equal(killed().length, 8)
  await pass(1)
  assert.equal(killed().length, 16)
  assert.equal(held.length, 8)
  // One of them ends after all: the others have to wait again, but for the place that it leaves.
  for (const kill of killed().slice(8)) await end(kill)
  await end('kill 1')
  assert.deepEqual(killed().slice(16), ['kill 9'])
  await endAll()
})

it('however long it takes to freeze them, no more are killed at once after that', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.after(() => mock.timers.reset())
  const { end, killed, freeze, pass, endAll } = partlyFrozen()
  await end('')
  await freeze(ids(10))
  for (let second = 0; second < 24; second += 1) mock.timers.tick(1_000)
  await freeze(ids(28).slice(10))
  await pass(4)
  assert.equal(killed().length, 8)
  await pass(1)
  assert.equal(killed().length, 16)
  await endAll()
})

it('when the engine does not answer, that is said of all who wait, and not found out for each', async () => {
  const { cut, end, events } = engine()
  const outcomes = Promise.allSettled(ids(100).map((id) => cut(id)))
  await end('')
  for (const id of ids(100)) await end(`freeze ${id}`)
  for (const id of ids(8)) await end(`kill ${id}`, new BerthError('engine_unavailable', 'nobody there'))
  assert.deepEqual(
    (await outcomes).map(({ status }) => status),
    Array(100).fill('rejected'),
  )
  assert.equal(events.filter((event) => event.startsWith('kill')).length, 8)
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
  const done = Promise.all(ids(9).map((id) => cut(id)))
  await end('')
  for (const id of ids(8)) await end(`freeze ${id}`)
  const frozen = () => events.filter((event) => event === 'freeze 9').length
  await end('freeze 9', new BerthError('engine_unavailable', 'too busy'))
  assert.equal(frozen(), 1)
  now.mock.mockImplementation(() => 1_100)
  mock.timers.tick(1_100)
  await end('')
  assert.equal(frozen(), 2)
  await end('freeze 9')
  for (const id of ids(9)) await end(`kill ${id}`)
  await done
  assert.equal(frozen(), 2)
})

it('others may wait until nobody is to be frozen any more', async () => {
  const { cut, calm, end } = engine()
  await calm()
  const done = Promise.all(ids(3).map((id) => cut(id)))
  await end('')
  let isCalm = false
  const calmed = calm().then(() => {
    isCalm = true
  })
  await end('freeze 1')
  await end('freeze 2')
  assert.equal(isCalm, false)
  await end('freeze 3')
  assert.equal(isCalm, true)
  await calmed
  for (const id of ids(3)) await end(`kill ${id}`)
  await done
})
