/** What a person sees in a terminal: who holds the container until when, that the end comes near, that it was moved. */
import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { testBerth } from '../support/manager/berth.ts'
import { docker } from '../../lab/docker.ts'
import { eventually } from '../../lab/eventually.ts'
import { testManager } from '../../lab/manager.ts'
import { login, type Terminal } from '../support/ssh.ts'

const MINUTE = 60_000
const manager = await testManager('notices', { size: 1 })
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
const minute = (time: string | number) => `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`

it('in the session', async () => {
  // A minute and three seconds: the last warning comes after three seconds.
  const account = { username: 'alice', password: 'test' }
  const reserved = await reserve({ ...account, duration: '63s' })
  const { id } = reserved
  const port = reserved.containers[0]?.port ?? 0
  const session = await login({ ...account, port })
  const first = await session.shell()
  assert.equal(count(first, 'held by alice until '), 1, first.shown)
  assert.equal(count(first, `berth extend ${id.slice(0, 8)} --by 30m`), 1, first.shown)
  const promised = / until (\S+ \S+) UTC/.exec(first.shown)?.[1] ?? ''
  const late = Date.parse(reserved.expires_at) - Date.parse(`${promised.replace(' ', 'T')}Z`)
  assert.ok(late >= 0 && late < 2 * MINUTE, `${promised} for ${reserved.expires_at}`)

  const second = await session.shell()
  await eventually(async () => count(first, '***') > 0 && count(second, '***') > 0)
  for (const { shown } of [first, second]) {
    assert.match(shown, /\*\*\* 1 minute left \(\d\d:\d\d UTC\)\. To stay: berth extend \S+ --by 30m \*\*\*/)
  }

  // The next manager knows what was told: it is recorded a moment after it was said.
  await sleep(1_000)
  await manager.kill()
  await manager.start()
  // As the warning says.
  const [, words = ''] = /To stay: berth (.*) \*\*\*/.exec(first.shown) ?? []
  const { expires_at: end } = await berth.json<View>(...words.split(' '))
  await eventually(async () => count(first, `*** Extended until ${minute(end)}. ***`) === 1)
  assert.equal(count(first, 'minute left'), 1, first.shown)
  assert.equal(count(await session.shell(), ` until ${minute(end)}. Then`), 1)
  assert.deepEqual(await session.exec('true'), { code: 0, stdout: '', stderr: '' })

  await docker('rm', '--force', reserved.containers[0]?.name ?? '')
  await session.closed
  await eventually(async () => {
    const again = await login({ ...account, port })
    const terminal = await again.shell()
    again.close()
    return count(terminal, ` until ${minute(end)}. Then`) === 1
  })
  await manager.get('/release_all')
})
