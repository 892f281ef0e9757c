/** SIGKILL to the manager in the middle of what it does; then another one on the same database. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { dockerLines } from '../../lab/docker.ts'
import { type Reserved, testManager } from '../../lab/manager.ts'
import { canLogIn, loginAndRun } from '../support/ssh.ts'

const manager = await testManager('crash', { size: 3 })

before(async () => {
  await manager.start()
  await manager.untilReady()
})

const credentials = ({ username, password, containers }: Reserved) => ({
  port: containers[0]?.port ?? 0,
  username,
  password,
})

interface V1 {
  readonly id: string
  readonly state: string
  readonly password: string
  readonly containers: readonly { readonly port: number }[]
}

async function reserveAgain(key: string): Promise<V1> {
  const response = await fetch(`${manager.url}/v1/reservations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify({ username: 'again' }),
  })
  assert.ok(response.status === 201 || response.status === 202, `${response.status}`)
  return (await response.json()) as V1
}

describe('after a SIGKILL', () => {
  for (const ms of [5, 40, 120, 250]) {
    it(`${ms} ms into a reserve, answered reservations stand and the others are undone`, async () => {
      const kept = await manager.reserve({ username: 'kept', duration: 30 })
      const answered = manager.get<Reserved>('/reserve?username=lost&count=2').catch(() => null)
      await new Promise((resolve) => setTimeout(resolve, ms))
      await manager.kill()
      const answer = await answered
      await manager.start()
      assert.equal((await loginAndRun(credentials(kept), 'whoami')).stdout, 'kept')
      if (answer?.status === 200) assert.equal((await loginAndRun(credentials(answer.body), 'whoami')).stdout, 'lost')
      const { body } = await manager.get<{ reservations: { username: string }[] }>('/reservations')
      const users = body.reservations.map((r) => r.username)
      assert.equal(users.filter((user) => user === 'kept').length, 1)
      assert.ok([0, 2].includes(users.filter((user) => user === 'lost').length), users.join())
      await manager.get('/release_all')
      assert.equal(await canLogIn(credentials(kept)), false)
      await manager.untilReady()
    })
  }

  for (const ms of [5, 60, 150]) {
    it(`${ms} ms into a reserve with an Idempotency-Key, asking again gives that one reservation, and its login`, async () => {
      const key = `crash-${ms}`
      const lost = reserveAgain(key).catch(() => null)
      await new Promise((resolve) => setTimeout(resolve, ms))
      await manager.kill()
      const answer = await lost
      await manager.start()
      const first = await reserveAgain(key)
      assert.ok(answer === null || answer.id === first.id)
      const again = await manager.get<V1>(`/v1/reservations/${first.id}?wait=30`)
      assert.equal(again.body.state, 'active')
      const [container] = again.body.containers
      const login = { port: container?.port ?? 0, username: 'again', password: first.password }
      assert.equal((await loginAndRun(login, 'whoami')).stdout, 'again')
      const open = await manager.get<{ reservations: V1[] }>('/v1/reservations?username=again&state=active')
      assert.deepEqual(
        open.body.reservations.map((r) => r.id),
        [first.id],
      )
      await manager.get('/release_all')
      await manager.untilReady()
    })
  }

  for (const ms of [1, 150, 400, 700]) {
    it(`${ms} ms into recycling, it is finished by the next manager`, async () => {
      const gone = await manager.reserve({ username: 'gone', count: 3 })
      await manager.get('/release_all')
      await new Promise((resolve) => setTimeout(resolve, ms))
      await manager.kill()
      assert.equal(await canLogIn(credentials(gone)), false)
      await manager.start()
      await manager.untilReady()
      assert.equal(await canLogIn(credentials(gone)), false)
      const { body } = await manager.get<{ available: string[] }>('/available')
      assert.equal(body.available.length, 3)
      const running = await dockerLines(
        'ps',
        '--filter',
        `label=berth.instance=${manager.instance}`,
        '--format',
        '{{.Names}}',
      )
      assert.deepEqual(running.toSorted(), body.available.toSorted())
    })
  }

  it('during which a reservation ended, its access ends as soon as a manager is back', async () => {
    const late = await manager.reserve({ username: 'late', duration: 1 })
    await manager.kill()
    await new Promise((resolve) => setTimeout(resolve, Date.parse(late.reserved_until) - Date.now() + 10))
    await manager.start()
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    assert.equal(await canLogIn(credentials(late)), false)
    await manager.untilReady()
  })
})
