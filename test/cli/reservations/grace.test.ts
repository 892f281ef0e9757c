/** The short wait of a reserve without --wait, against the API over a manager in memory. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { answerOf, openClient, type Pool } from '../../../src/client/client.ts'
import { isGraceful } from '../../../src/cli/reservations/grace.ts'
import { reserveAndWait } from '../../../src/cli/reservations/wait-for-reservation.ts'
import { readEnvironment } from '../../../src/cli/environment.ts'
import { Terminal } from '../../../src/cli/output/terminal.ts'
import { ALPINE, listening, openApi } from '../../../lab/api.ts'
import { eventually } from '../../../lab/eventually.ts'

describe('a short wait', () => {
  const cases: readonly [containers: Record<string, number>, more: Partial<Pool>, expected: boolean][] = [
    [{ ready: 1, removing: 1 }, {}, true],
    [{ creating: 1, removing: 1 }, {}, true],
    [{ ready: 1, reserved: 5, broken: 3, quarantined: 1 }, {}, false],
    [{ removing: 2 }, { waiting: 1 }, false],
    [{ removing: 2 }, { problem: 'no such image' }, false],
    [{}, {}, false],
  ]
  for (const [containers, more, expected] of cases) {
    it(`for 2 of ${JSON.stringify({ ...containers, ...more })}: ${expected}`, () => {
      const pool = { containers, waiting: 0, problem: null, ...more } as Pool
      assert.equal(isGraceful(pool, 2), expected)
    })
  }
})

/** A pool of two: one container is reserved, the other one is being replaced. */
async function openBusy() {
  const api = await openApi({ pools: [{ ...ALPINE, size: 2 }] })
  const { address } = await listening(api)
  const client = openClient({ url: address })
  const reserve = () => answerOf(client.POST('/v1/reservations', { body: {} }))
  await reserve()
  const { id } = await reserve()
  await answerOf(client.DELETE('/v1/reservations/{id}', { params: { path: { id } } }))
  const { stdin, stdout, stderr } = process
  const interrupts = { takeOver: () => new AbortController().signal, leave() {}, exitCode: () => null }
  const cli = { args: [], environment: readEnvironment({}), stdin, stdout, stderr, clock: api.world.now, interrupts }
  const settings = { url: address, token: undefined, from: 'option' } as const
  const context = { client, settings, terminal: new Terminal({ stdout, stderr, plain: true }), json: false }
  const isWaiting = async () => (await answerOf(client.GET('/v1/pools'))).pools[0]?.waiting === 1
  return {
    world: api.world,
    isWaiting,
    reserve: (body: object, key?: string) => reserveAndWait(cli, context, body, key),
  }
}

describe('a reserve without --wait', () => {
  it('waits for a container that is being made', async () => {
    const { world, isWaiting, reserve } = await openBusy()
    const reserving = reserve({})
    await eventually(isWaiting)
    await world.settle()
    assert.equal((await reserving).state, 'active')
  })

  it('is refused as without the wait when that takes too long', async () => {
    const { world, isWaiting, reserve } = await openBusy()
    const reserving = assert.rejects(reserve({}), { code: 'not_enough', message: 'Only 0 containers available' })
    await eventually(isWaiting)
    world.advance(5_001)
    await world.reconciler.enforceExpiry()
    await reserving
  })

  it('is refused at once when it wants more, does not want to wait, or may be repeated', async () => {
    const { reserve } = await openBusy()
    const refused = { code: 'not_enough' }
    await assert.rejects(reserve({ count: 2 }), refused)
    await assert.rejects(reserve({ wait: '0s' }), refused)
    await assert.rejects(reserve({}, 'a-key'), refused)
  })
})
