import assert from 'node:assert/strict'
import { it, mock } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createBarrier } from '../../../src/engine/docker/barrier.ts'
import { turns } from '../../support/turns.ts'

type Outcome = () => Promise<void>
const succeeding: Outcome = async () => undefined
/** No guard, or none that answers in time: whether it has done it all the same is not known. */
const failing: Outcome = async () => Promise.reject(new Error('no guard'))

/** What is tried comes out like this, one after the other; then everything succeeds. */
function inTurn(...outcomes: Outcome[]): Outcome {
  return async () => outcomes.shift()?.()
}

async function tickSeconds(count: number): Promise<void> {
  for (let second = 0; second < count; second += 1) {
    mock.timers.tick(1_000)
    await turns()
  }
}

/** Containers a, b and c have the addresses 1, 2 and 3; `log` is what was loaded, or tried to. */
function barrier(load = succeeding, ask = succeeding) {
  const addresses = new Map(['a', 'b', 'c'].map((id, index) => [id, `${index + 1}`]))
  const log: string[] = []
  const made = createBarrier({
    addresses: async () => {
      await ask()
      return addresses
    },
    load: async (bar, lift) => {
      log.push(`+${bar.join()} -${lift.join()}`)
      await load()
    },
  })
  return { ...made, log, addresses }
}

it('all that come at once are barred together', async () => {
  const { bar, log } = barrier()
  await Promise.all(['a', 'b', 'c'].map(bar))
  assert.deepEqual(log, ['+1,2,3 -'])
})

it('who comes while others are being barred is next, and those others wait for it', async () => {
  const first = Promise.withResolvers<void>()
  const { bar, log } = barrier(() => first.promise)
  let isOver = false
  const over = bar('a').then(() => {
    isOver = true
  })
  while (log.length === 0) await sleep(1)
  const later = bar('b')
  assert.deepEqual(log, ['+1 -'])
  first.resolve()
  await later
  await over
  assert.deepEqual(log, ['+1 -', '+2 -'])
  assert.equal(isOver, true)
})

it('nobody waits for ever for those who come after them', async () => {
  const { bar, addresses } = barrier(() => sleep(10))
  const others = setInterval(() => {
    addresses.set('b', `${performance.now()}`)
    void bar('b')
  }, 2)
  const began = performance.now()
  await bar('a')
  const took = performance.now() - began
  clearInterval(others)
  assert.ok(took > 1_900 && took < 10_000, `${took} ms`)
})

it('two who bar the same container both hear of it', async () => {
  const { bar, log } = barrier()
  await Promise.all([bar('a'), bar('a')])
  assert.deepEqual(log, ['+1 -'])
})

it('who is barred already is barred again after 20 s, and not before', async (t) => {
  const now = mock.method(performance, 'now', () => 0)
  t.after(() => now.mock.restore())
  const { bar, log } = barrier(inTurn(failing))
  const again = async (ms: number) => {
    now.mock.mockImplementation(() => ms)
    await bar('a')
    return log.length
  }
  // The first one failed.
  assert.deepEqual([await again(0), await again(1), await again(19_999), await again(20_001)], [1, 2, 2, 3])
})

it('who has the address of somebody who was lifted is barred at once', async () => {
  const { bar, lift, log, addresses } = barrier()
  await bar('a')
  await lift(['a'])
  addresses.set('b', '1')
  await bar('b')
  assert.deepEqual(log, ['+1 -', '+ -1', '+1 -'])
})

it('a container without an address is left alone', async () => {
  const { bar, lift, log } = barrier()
  await Promise.all([bar('unknown'), bar('a')])
  await lift(['unknown'])
  await bar('unknown')
  assert.deepEqual(log, ['+1 -'])
})

it('is lifted from the address that was barred, whatever the container has now, and once', async () => {
  const { bar, lift, log, addresses } = barrier()
  await bar('a')
  addresses.set('a', '9')
  await lift(['a'])
  await lift(['a'])
  await bar('b')
  assert.deepEqual(log, ['+1 -', '+ -1', '+2 -'])
})

it('all are lifted together, and whoever lifts them waits for it', async () => {
  const { bar, lift, log } = barrier()
  await Promise.all([bar('a'), bar('b')])
  await lift(['a', 'b', 'unknown'])
  assert.deepEqual(log, ['+1,2 -', '+ -1,2'])
})

it('who dies while they are being barred is lifted', async () => {
  const first = Promise.withResolvers<void>()
  const { bar, lift, log } = barrier(() => first.promise)
  const barring = bar('a')
  while (log.length === 0) await sleep(1)
  void lift(['a'])
  first.resolve()
  await barring
  while (log.length === 1) await sleep(1)
  assert.deepEqual(log, ['+1 -', '+ -1'])
})

it('who dies before their turn to be barred is not', async () => {
  const { bar, lift, log } = barrier()
  const barring = bar('a')
  void lift(['a'])
  await barring
  await bar('b')
  assert.deepEqual(log, ['+2 -'])
})

it('who is barred again at another address is lifted from the one before', async () => {
  const { bar, log, addresses } = barrier()
  await bar('a')
  addresses.set('a', '9')
  await bar('a')
  while (log.length === 2) await sleep(1)
  assert.deepEqual(log, ['+1 -', '+9 -', '+ -1'])
})

it('what fails keeps nobody waiting, and the next ones are tried', async () => {
  const { bar, lift, log } = barrier(inTurn(failing))
  await bar('a')
  await bar('b')
  // It may have come about.
  await lift(['a'])
  assert.deepEqual(log, ['+1 -', '+2 -', '+ -1'])
})

it('a lift that fails keeps nobody waiting, and goes with the next change', async () => {
  const { bar, lift, log } = barrier(inTurn(succeeding, failing))
  await bar('a')
  await lift(['a'])
  await bar('b')
  await bar('c')
  assert.deepEqual(log, ['+1 -', '+ -1', '+2 -1', '+3 -'])
})

it('a lift that fails is tried again each second, without any other change, until it succeeds', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.after(() => mock.timers.reset())
  const { bar, lift, log } = barrier(inTurn(succeeding, failing, failing))
  await bar('a')
  await lift(['a'])
  await tickSeconds(1)
  assert.equal(log.length, 3)
  await tickSeconds(5)
  assert.deepEqual(log, ['+1 -', '+ -1', '+ -1', '+ -1'])
})

it('a lift that fails is given up when the guard has lifted it by itself', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.after(() => mock.timers.reset())
  const now = mock.method(performance, 'now', () => 0)
  t.after(() => now.mock.restore())
  const { bar, lift, log } = barrier(failing)
  await bar('a')
  await lift(['a'])
  await tickSeconds(1)
  now.mock.mockImplementation(() => 60_000)
  await tickSeconds(5)
  assert.deepEqual(log, ['+1 -', '+ -1', '+ -1', '+ -1'])
})

it('who is to be out at the address of a lift that failed is not let in by it', async () => {
  const { bar, lift, log, addresses } = barrier(inTurn(succeeding, failing))
  await bar('a')
  await lift(['a'])
  addresses.delete('a')
  addresses.set('b', '1')
  await bar('b')
  await bar('c')
  assert.deepEqual(log, ['+1 -', '+ -1', '+1 -', '+3 -'])
})

it('an engine that does not say where those are who are to be barred keeps nobody from being lifted', async () => {
  const { bar, lift, log } = barrier(succeeding, inTurn(succeeding, failing))
  await bar('a')
  const barring = bar('b')
  await lift(['a'])
  await barring
  assert.deepEqual(log, ['+1 -', '+ -1'])
})
