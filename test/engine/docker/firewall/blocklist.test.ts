import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Blocklist } from '../../../../src/engine/docker/firewall/blocklist.ts'
import { ManualTimers } from '../../../support/engine/manual-timers.ts'
import { turns } from '../../../support/world/turns.ts'

type Outcome = () => Promise<void>
const succeeding: Outcome = async () => undefined
/** No firewall, or none that answers in time: the change may have taken effect all the same. */
const failing: Outcome = async () => Promise.reject(new Error('no firewall'))

/** Attempts end like this, one after the other; all later ones succeed. */
function inTurn(...outcomes: Outcome[]): Outcome {
  return async () => outcomes.shift()?.()
}

/**
 * Containers a, b and c have the addresses 1, 2 and 3. `log` is what was tried: "+1" for a block, "-1" for an unblock.
 */
function blocklist(change = succeeding, lookUp = succeeding) {
  const addresses = new Map(['a', 'b', 'c'].map((id, index) => [id, `${index + 1}`]))
  const log: string[] = []
  const timers = new ManualTimers()
  const list = new Blocklist({
    addresses: async () => {
      await lookUp()
      return new Map(addresses)
    },
    change: async (block, unblock) => {
      log.push([...block.map((one) => `+${one}`), ...unblock.map((one) => `-${one}`)].join(' '))
      await change()
    },
    timers,
  })
  return { list, log, addresses, timers }
}

it('containers that end together are blocked together', async () => {
  const { list, log } = blocklist()
  assert.deepEqual(await Promise.all(['a', 'b', 'c', 'a'].map((id) => list.block(id))), [true, true, true, true])
  assert.deepEqual(log, ['+1 +2 +3'])
})

it('a container that dies is unblocked, at the address that was blocked, once', async () => {
  const { list, log, addresses } = blocklist()
  await Promise.all([list.block('a'), list.block('b')])
  addresses.set('a', '9')
  for (const id of ['a', 'b', 'a', 'unknown']) list.died(id)
  await turns()
  assert.deepEqual(log, ['+1 +2', '-1 -2'])
})

it('a container that dies while it is being blocked is unblocked afterwards', async () => {
  const first = Promise.withResolvers<void>()
  const { list, log } = blocklist(inTurn(() => first.promise))
  const blocking = list.block('a')
  await turns()
  list.died('a')
  first.resolve()
  await blocking
  await turns()
  assert.deepEqual(log, ['+1', '-1'])
})

it('a container that dies before it is looked up is not blocked', async () => {
  const { list, log } = blocklist()
  const blocking = list.block('a')
  list.died('a')
  assert.equal(await blocking, false)
  assert.deepEqual(log, [])
})

it('a container without an address is not blocked', async () => {
  const { list, log } = blocklist()
  assert.deepEqual(await Promise.all([list.block('unknown'), list.block('a')]), [false, true])
  assert.deepEqual(log, ['+1'])
})

it('a failed block returns false, and its address is unblocked later: it may have taken effect', async () => {
  const { list, log } = blocklist(inTurn(failing))
  assert.equal(await list.block('a'), false)
  list.died('a')
  await turns()
  assert.deepEqual(log, ['+1', '-1'])
})

it('blocked containers are looked up and blocked again every two seconds, at their present address', async () => {
  const { list, log, addresses, timers } = blocklist()
  await list.block('a')
  await timers.pass(2_000)
  addresses.set('a', '9')
  await timers.pass(2_000)
  assert.deepEqual(log, ['+1', '+1', '+9', '-1'])
  list.died('a')
  await timers.pass(60_000)
  assert.deepEqual(log.slice(4), ['-9'])
})

it('a container whose kill was given up is not blocked again, nor unblocked', async () => {
  const { list, log, timers } = blocklist()
  await list.block('a')
  list.release('a')
  await timers.pass(60_000)
  assert.deepEqual(log, ['+1'])
})

it('a failed unblock is tried again each second until it succeeds', async () => {
  const { list, log, timers } = blocklist(inTurn(succeeding, failing, failing))
  await list.block('a')
  list.died('a')
  await timers.pass(999)
  assert.deepEqual(log, ['+1', '-1'])
  await timers.pass(5_000)
  assert.deepEqual(log, ['+1', '-1', '-1', '-1'])
})

it('a failed unblock is given up when the address has left the list by itself', async () => {
  const { list, log, timers } = blocklist(inTurn(succeeding, ...Array<Outcome>(99).fill(failing)))
  await list.block('a')
  list.died('a')
  await timers.pass(90_000)
  assert.equal(log.length, 1 + 61)
})

it('a failed unblock is not tried again for an address that another container is blocked at', async () => {
  const { list, log, addresses, timers } = blocklist(inTurn(succeeding, failing))
  await list.block('a')
  list.died('a')
  await turns()
  addresses.delete('a')
  addresses.set('b', '1')
  await list.block('b')
  await timers.pass(1_500)
  assert.deepEqual(log, ['+1', '-1', '+1'])
  list.died('b')
  await turns()
  assert.deepEqual(log, ['+1', '-1', '+1', '-1'])
})

it('the death of a container does not unblock another one that is blocked at its address', async () => {
  const { list, log, addresses } = blocklist()
  await list.block('a')
  addresses.delete('a')
  addresses.set('b', '1')
  await list.block('b')
  list.died('a')
  await turns()
  assert.deepEqual(log, ['+1', '+1'])
})

it('an address is cleared for a container that starts at it, also while the dead one is being blocked', async () => {
  const first = Promise.withResolvers<void>()
  const { list, log, addresses } = blocklist(inTurn(() => first.promise))
  void list.block('a')
  await turns()
  addresses.delete('a')
  const cleared = list.clear('1')
  first.resolve()
  await cleared
  assert.deepEqual(log, ['+1', '-1'])
})

it('a clear that fails throws', async () => {
  const { list } = blocklist(failing)
  await assert.rejects(list.clear('1'), { message: 'no firewall' })
})

it('when the addresses cannot be read, no address stays blocked', async () => {
  const { list, log } = blocklist(succeeding, inTurn(succeeding, failing))
  await list.block('a')
  const blocking = list.block('b')
  list.died('a')
  assert.equal(await blocking, false)
  assert.deepEqual(log, ['+1', '-1'])
})
