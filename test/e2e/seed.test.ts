/**
 * The seed document, done by hand: reserve, log in, look, release, wait for the end. Real Docker, real sshd, real
 * time.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Reserved, testManager } from '../../lab/manager.ts'
import { canLogIn, type Login, login, loginAndRun } from '../support/ssh.ts'

const manager = await testManager('seed', { size: 10 })
const names = Array.from({ length: 10 }, (_, index) => `${manager.pool}-${index + 1}`)

before(async () => {
  await manager.start()
  await manager.untilReady()
})
after(() => manager.kill())

function logins({ username, password, containers }: Reserved): Login[] {
  return containers.map(({ port }) => ({ port, username, password }))
}

describe('a session', () => {
  it('begins with everything available, in natural order', async () => {
    const { body } = await manager.get('/available')
    assert.deepEqual(body, { available: names, reserved: [] })
  })

  it('tells what the pool really runs', async () => {
    const { body } = await manager.get<{ pools: { os: string }[] }>('/v1/pools')
    assert.match(body.pools[0]?.os ?? '', /^(Alpine|Debian|Ubuntu)/)
  })

  it('logs in with the password it asked for, whatever is in it, and is root with sudo', async () => {
    const password = `it's "q": $(id) {{7*7}} пароль \\ %`
    const reserved = await manager.reserve({ username: 'alice', password, count: 2 })
    assert.deepEqual(
      reserved.containers.map((c) => c.container),
      names.slice(0, 2),
    )
    assert.equal(reserved.duration_minutes, 60)
    const left = Date.parse(reserved.reserved_until) - Date.now()
    assert.ok(left > 59 * 60_000 && left <= 60 * 60_000, `${left}`)
    for (const [index, credentials] of logins(reserved).entries()) {
      const session = await login(credentials)
      assert.equal(session.hostKey, reserved.containers[index]?.host_key)
      assert.deepEqual(await session.exec('whoami; sudo whoami; hostname'), {
        code: 0,
        stdout: `alice\nroot\n${reserved.containers[index]?.container}`,
        stderr: '',
      })
      session.close()
    }
    const keys = reserved.containers.map((c) => c.host_key)
    assert.equal(new Set(keys).size, 2, 'every container has a host key of its own')
  })

  it('shows who has what until when', async () => {
    const { body } = await manager.get<{ available: string[]; reserved: string[] }>('/available')
    assert.deepEqual(body, { available: names.slice(2), reserved: names.slice(0, 2) })
    const { body: list } = await manager.get<{ reservations: Record<string, string>[] }>('/reservations')
    assert.deepEqual(
      list.reservations.map((r) => [r['username'], r['container']]),
      [
        ['alice', names[0]],
        ['alice', names[1]],
      ],
    )
    assert.match(list.reservations[0]?.['expiration_time'] ?? '', /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
    assert.match(list.reservations[0]?.['time_remaining'] ?? '', /^(59\.\d|60\.0) minutes remaining$/)
  })

  it('takes nothing when there are not enough', async () => {
    const { status, body } = await manager.get('/reserve?username=bob&count=9')
    assert.deepEqual([status, body], [409, { error: 'Only 8 containers available' }])
  })

  it('is over for everybody when release_all answers, sessions and all', async () => {
    const reserved = await manager.reserve({ username: 'carol' })
    const [credentials] = logins(reserved)
    assert.ok(credentials)
    const session = await login(credentials)
    const { status, body } = await manager.get('/release_all')
    assert.deepEqual([status, body], [200, { status: 'success', message: 'All containers released' }])
    assert.equal(await canLogIn(credentials), false)
    await session.closed
    assert.deepEqual((await manager.get('/reservations')).body, { reservations: [] })
    await manager.untilReady()
    const used = (await manager.containers()).filter((c) => c.generation === 2).map((c) => c.name)
    assert.deepEqual(used, names.slice(0, 3))
  })
})

describe('a rush', () => {
  it('gives 20 callers 10 containers: 10 get one each, 10 a clean refusal', async () => {
    await manager.untilReady()
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        manager.get<Reserved & { error: string }>(`/reserve?username=u${index}`),
      ),
    )
    const won = answers.filter((answer) => answer.status === 200).map((answer) => answer.body)
    const lost = answers.filter((answer) => answer.status !== 200)
    assert.deepEqual(won.flatMap((w) => w.containers.map((c) => c.container)).toSorted(), names.toSorted())
    assert.deepEqual(
      lost.map(({ status, body }) => [status, body]),
      Array.from({ length: 10 }, () => [409, { error: 'Only 0 containers available' }]),
    )
    for (const reserved of won) {
      const [credentials] = logins(reserved)
      assert.ok(credentials)
      assert.equal((await loginAndRun(credentials, 'whoami')).stdout, reserved.username)
    }
    await manager.get('/release_all')
    await manager.untilReady()
  })
})

describe('the end', () => {
  it('cuts access within a second of its time, open sessions too, and brings a fresh container', async () => {
    const reserved = await manager.reserve({ username: 'test', password: 'test', duration: 1 })
    const [credentials] = logins(reserved)
    assert.ok(credentials)
    const end = Date.parse(reserved.reserved_until)
    const session = await login(credentials)
    let closedAt = Number.NaN
    void session.closed.then(() => {
      closedAt = Date.now()
    })
    await sleep(end - Date.now() - 1_500)
    assert.equal((await session.exec('echo still here')).stdout, 'still here')
    assert.equal(await canLogIn(credentials), true, 'not a second too early')
    await sleep(end - Date.now() + 1_000)
    assert.equal(await canLogIn(credentials), false, 'nobody gets in a second after the end')
    assert.ok(closedAt - end <= 1_000, `the open session ended ${closedAt - end} ms after the end`)
    assert.deepEqual((await manager.get('/reservations')).body, { reservations: [] })
    await manager.untilReady()
    assert.deepEqual((await manager.get('/available')).body, { available: names, reserved: [] })
  })
})

describe('what it writes', () => {
  it('never holds a password', async () => {
    await manager.reserve({ username: 'dave', password: 'S3cret-Passw0rd' })
    await manager.get('/reserve?username=eve&pass%77ord=S3cret-Passw0rd&nonsense=1')
    await manager.get('/release_all')
    assert.match(manager.output, /dave/)
    assert.doesNotMatch(manager.output, /S3cret/)
    await manager.untilReady()
  })
})

describe('Ctrl-C', () => {
  it('stops it within 5 seconds and leaves everything as it is', async () => {
    const reserved = await manager.reserve({ username: 'frank' })
    const { code, ms } = await manager.interrupt()
    assert.equal(code, 0)
    assert.ok(ms < 5_000, `${ms} ms`)
    const [credentials] = logins(reserved)
    assert.ok(credentials)
    assert.equal((await loginAndRun(credentials, 'whoami')).stdout, 'frank')
    await manager.start()
    const { body } = await manager.get<{ reservations: { username: string }[] }>('/reservations')
    assert.deepEqual(
      body.reservations.map((r) => r.username),
      ['frank'],
    )
    await manager.get('/release_all')
    await manager.untilReady()
  })
})
