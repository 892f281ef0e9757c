/**
 * The queue on the real engine: many at once, more than there are containers, and a manager that dies in the middle.
 */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { testManager } from '../../lab/manager.ts'
import { loginAndRun } from '../support/ssh.ts'

const SIZE = 3
const ASKING = 30
const LARGE = 10

const manager = await testManager('queue', { size: SIZE })

before(async () => {
  await manager.start()
  await manager.untilReady()
})

interface View {
  readonly id: string
  readonly state: string
  readonly outcome: string | null
  readonly reason: string | null
  readonly username: string
  readonly password: string
  readonly created_at: string
  readonly active_at: string | null
  readonly queue: { readonly position: number } | null
  readonly containers: readonly { readonly port: number }[]
}

async function post(body: object): Promise<View> {
  const response = await fetch(`${manager.url}/v1/reservations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  assert.ok(response.status === 201 || response.status === 202, `${response.status} ${await response.clone().text()}`)
  return (await response.json()) as View
}

const show = async (id: string) => (await manager.get<View>(`/v1/reservations/${id}?wait=30`)).body

async function release(id: string): Promise<void> {
  const { status } = await fetch(`${manager.url}/v1/reservations/${id}`, { method: 'DELETE' })
  assert.equal(status, 200)
}

describe('the queue', () => {
  it(`serves ${ASKING} who ask at once for ${SIZE} containers in their turns, also over a SIGKILL`, async () => {
    const asked = await Promise.all(
      Array.from({ length: ASKING }, (_, index) =>
        post({ username: `u${index}`, count: index === LARGE ? SIZE : 1, wait: '10m' }),
      ),
    )
    const waiting = asked.filter(({ queue }) => queue !== null).toSorted((a, b) => place(a) - place(b))
    const positions = waiting.map(place)
    assert.equal(new Set(positions).size, positions.length, 'two have the same place')
    for (const { id, state } of asked) if (state === 'active') await release(id)
    const starts: number[] = []
    for (const [index, { id, username, password }] of waiting.entries()) {
      const served = await show(id)
      assert.equal(served.state, 'active', `${username}: ${served.state} ${served.reason}`)
      starts.push(Date.parse(served.active_at ?? ''))
      if (index % 10 === 0) {
        const login = { port: served.containers[0]?.port ?? 0, username, password }
        assert.equal((await loginAndRun(login, 'whoami')).stdout, username)
      }
      if (index === 12) {
        await manager.kill()
        await manager.start()
      }
      await release(id)
    }
    // Accounts are made beside each other: those who got containers together may be ready in any order.
    const together = 2_000
    for (let index = SIZE; index < starts.length; index += 1) {
      assert.ok((starts[index] ?? 0) > (starts[index - SIZE] ?? 0) - together, `${index} began before its turn`)
    }
    await manager.untilReady()
  })

  it('reports why a reservation timed out in the queue', async () => {
    const { id: all } = await post({ count: SIZE })
    const { id } = await post({ wait: '2s' })
    const over = await show(id)
    assert.deepEqual([over.outcome, over.reason], ['failed', `no container of ${manager.pool} came free within 2s`])
    await release(all)
    await manager.untilReady()
  })
})

const place = ({ queue }: View) => queue?.position ?? 0
