import assert from 'node:assert/strict'
import { it } from 'node:test'
import { KillQueue } from '../../../src/engine/docker/kill-queue.ts'
import { ManualTimers } from '../../support/engine/manual-timers.ts'
import { turns } from '../../support/world/turns.ts'

const ids = (count: number) => Array.from({ length: count }, (_, index) => `${index + 1}`)

/** `events` has "block 1", "kill 1", "died 1" and so on; blocks and kills end when the test ends them. */
function queue() {
  const events: string[] = []
  const urgent: string[] = []
  const blocks = new Map<string, PromiseWithResolvers<boolean>>()
  const kills = new Map<string, PromiseWithResolvers<void>>()
  const timers = new ManualTimers()
  const killQueue = new KillQueue({
    blocklist: {
      block(id) {
        events.push(`block ${id}`)
        const block = Promise.withResolvers<boolean>()
        blocks.set(id, block)
        return block.promise
      },
      died: (id) => void events.push(`died ${id}`),
      release: (id) => void events.push(`release ${id}`),
    },
    kill(id, isUrgent) {
      events.push(`kill ${id}`)
      if (isUrgent) urgent.push(id)
      const kill = Promise.withResolvers<void>()
      kills.set(id, kill)
      return kill.promise
    },
    timers,
  })
  return {
    ...{ events, urgent, timers },
    kill: (id: string) => killQueue.kill(id),
    killed: () => events.filter((event) => event.startsWith('kill')),
    async blocked(id: string, isBlocked = true): Promise<void> {
      blocks.get(id)?.resolve(isBlocked)
      await turns()
    },
    async end(id: string, error?: Error): Promise<void> {
      const kill = kills.get(id)
      assert.ok(kill, `no kill of ${id}`)
      if (error) kill.reject(error)
      else kill.resolve()
      await turns()
    },
  }
}

it('a container is blocked, killed, and unblocked when it is dead', async () => {
  const { kill, blocked, end, events, urgent } = queue()
  const done = kill('1')
  await turns()
  assert.deepEqual(events, ['block 1'])
  await blocked('1')
  assert.deepEqual(events, ['block 1', 'kill 1'])
  await end('1')
  await done
  assert.deepEqual(events, ['block 1', 'kill 1', 'died 1'])
  assert.deepEqual(urgent, ['1'])
})

it('all are blocked at once, and killed a few at a time, in their order', async () => {
  const { kill, blocked, end, events, killed } = queue()
  const done = Promise.all(ids(20).map(kill))
  await turns()
  assert.deepEqual(
    events,
    ids(20).map((id) => `block ${id}`),
  )
  for (const id of ids(20)) await blocked(id)
  assert.deepEqual(
    killed(),
    ids(8).map((id) => `kill ${id}`),
  )
  await end('3')
  assert.equal(killed().at(-1), 'kill 9')
  for (const id of ids(20)) if (id !== '3') await end(id)
  await done
})

it('a container that is not blocked in time is killed all the same', async () => {
  const { kill, end, timers, killed, urgent } = queue()
  const done = Promise.all(ids(4).map(kill))
  await timers.pass(499)
  assert.deepEqual(killed(), [])
  await timers.pass(1)
  assert.deepEqual(urgent, ids(4))
  for (const id of ids(4)) await end(id)
  await done
})

it('a kill is urgent when few are under way, or when the container is on the network', async () => {
  const { kill, blocked, end, urgent } = queue()
  const done = Promise.all(ids(3).map(kill))
  await blocked('1')
  await blocked('2', false)
  await blocked('3')
  assert.deepEqual(urgent, ['2'])
  await end('1')
  const later = kill('4')
  await end('2')
  await blocked('4')
  assert.deepEqual(urgent, ['2', '4'])
  for (const id of ['3', '4']) await end(id)
  await Promise.all([done, later])
})

it('a kill that fails makes room for the next one, and leaves its container blocked', async () => {
  const { kill, blocked, end, events, killed } = queue()
  const outcomes = Promise.allSettled(ids(9).map(kill))
  for (const id of ids(9)) await blocked(id)
  await end('1', new Error('no answer'))
  assert.equal(killed().at(-1), 'kill 9')
  for (const id of ids(9).slice(1)) await end(id)
  assert.deepEqual(
    (await outcomes).map(({ status }) => status),
    ['rejected', ...Array(8).fill('fulfilled')],
  )
  assert.ok(events.includes('release 1') && !events.includes('died 1'))
  // The next attempt blocks again.
  const done = kill('1')
  assert.equal(events.at(-1), 'block 1')
  await blocked('1')
  await end('1')
  await done
})

it('two calls for one container share a kill', async () => {
  const { kill, blocked, end, killed } = queue()
  const both = Promise.all([kill('1'), kill('1')])
  await blocked('1')
  assert.deepEqual(killed(), ['kill 1'])
  await end('1')
  await both
})
