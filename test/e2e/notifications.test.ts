/** What a person sees in a terminal: who holds the container until when, that the end comes near, that it was moved. */
import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { testBerth } from '../support/manager/berth.ts'
import { docker } from '../../lab/docker.ts'
import { eventually } from '../../lab/eventually.ts'
import { testManager } from '../../lab/manager.ts'
import { LocalTime } from '../../src/domain/text/local-time.ts'
import { login, type Terminal } from '../support/ssh.ts'

const MINUTE = 60_000
const manager = await testManager('notices', { size: 1, top: { timezone: 'Europe/Berlin' } })
const berth = testBerth({ BERTH_URL: manager.url })

interface View {
  readonly id: string
  readonly expires_at: string
  readonly containers: readonly { name: string; port: number }[]
}

before(async () => {
  await manager.start()
  await manager.untilReady()
})

async function reserve(body: object): Promise<View> {
  const response = await fetch(`${manager.url}/v1/reservations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const answer = (await response.json()) as View
  assert.ok(response.ok, JSON.stringify(answer))
  return answer
}

const count = ({ shown }: Terminal, text: string) => shown.split(text).length - 1
const berlin = new LocalTime('Europe/Berlin')
const minute = (time: string) => berlin.dateAndTime(Date.parse(time))

it('in the session', async () => {
  // A minute and three seconds: the last warning comes after three seconds.
  const account = { username: 'alice', password: 'test' }
  const reserved = await reserve({ ...account, duration: '63s' })
  const { id } = reserved
  const port = reserved.containers[0]?.port ?? 0
  const session = await login({ ...account, port })
  const first = await session.shell()
  assert.equal(count(first, 'held by alice until '), 1, first.shown)
  assert.equal(count(first, 'Commands: time-left, extend 30m, release'), 1, first.shown)
  assert.doesNotMatch(first.shown, /berth extend|PATCH/)
  // The motd was written a moment before the time began, perhaps in the minute before.
  const sooner = new Date(Date.parse(reserved.expires_at) - MINUTE).toISOString()
  assert.ok(
    [minute(reserved.expires_at), minute(sooner)].some((end) => first.shown.includes(` until ${end}.`)),
    first.shown,
  )
  assert.match(first.shown, /\n(1 min|\d\d s) left, until \S+ \d\d:\d\d CES?T \(/)

  const second = await session.shell()
  await eventually(async () => count(first, '***') > 0 && count(second, '***') > 0)
  for (const { shown } of [first, second]) {
    assert.match(shown, /\*\*\* 1 minute left, until \d\d:\d\d CES?T \(.*\d\d:\d\d UTC\)\. To stay: extend 30m \*\*\*/)
  }

  // The next manager knows what was told: it is recorded a moment after it was said.
  await sleep(1_000)
  await manager.kill()
  await manager.start()
  const { expires_at: end } = await berth.json<View>('extend', id, '--by', '30m')
  await eventually(async () => count(first, `*** Extended until ${minute(end)}. ***`) === 1)
  assert.equal(count(first, 'minute left'), 1, first.shown)
  assert.equal(count(await session.shell(), ` until ${minute(end)}.\r\nThen`), 1)
  assert.deepEqual(await session.exec('true'), { code: 0, stdout: '', stderr: '' })

  await docker('rm', '--force', reserved.containers[0]?.name ?? '')
  await session.closed
  await eventually(async () => {
    const again = await login({ ...account, port })
    const terminal = await again.shell()
    again.close()
    return count(terminal, ` until ${minute(end)}.\r\nThen`) === 1
  })
  await manager.get('/release_all')
})

it('in a reservation of one minute: a warning, and a last line on every terminal before access ends', async () => {
  const account = { username: 'alice', password: 'test' }
  await manager.untilReady()
  const reserved = await reserve({ ...account, duration: '1m' })
  const session = await login({ ...account, port: reserved.containers[0]?.port ?? 0 })
  const terminals = [await session.shell(), await session.shell()]
  await session.closed
  for (const { shown } of terminals) {
    assert.match(shown, /\*\*\* Time is up\. Access ends in [34] seconds; this container is destroyed\. \*\*\*/)
    assert.match(shown, /\*\*\* (30|29) seconds left, until .* To stay: extend 30m \*\*\*/)
  }
})
