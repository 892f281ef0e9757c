import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pool } from '../../../lab/rows.ts'
import { ALPINE, type Api, listening, openApi } from '../../../lab/api.ts'

const MINUTE = 60_000

const statesOf = async ({ world }: Api, state: string) =>
  (await world.states()).filter((row) => row.includes(state)).map((row) => row.split(' ')[0])

/** A container in the answer. */
async function shown({ world }: Api, name: string): Promise<object> {
  const row = await world.store.container(name)
  assert.match(row?.hostKey ?? '', /^SHA256:/)
  const known = `[localhost]:${row?.port} ${row?.hostPublicKey}`
  return { container: name, host: 'localhost', port: row?.port, host_key: row?.hostKey, known_hosts: known }
}

describe('GET /reserve', () => {
  it('answers with these fields in this order', async () => {
    const api = await openApi()
    const { status, text } = await api.get('/reserve?username=alice&password=test&count=2&duration=60')
    assert.equal(status, 200)
    const expected = {
      status: 'success',
      message: 'Reserved alpine-1, alpine-2 for alice',
      username: 'alice',
      password: 'test',
      containers: [await shown(api, 'alpine-1'), await shown(api, 'alpine-2')],
      reserved_until: new Date(api.world.now() + 60 * MINUTE).toISOString(),
      duration_minutes: 60,
    }
    assert.equal(text, JSON.stringify(expected))
    assert.deepEqual(api.world.logins(), ['alice@alpine-1', 'alice@alpine-2'])
  })

  it('generates and shows a password where other machines reach the containers', async () => {
    const api = await openApi({ access: () => ({ defaultPassword: null }) })
    const passwords = await Promise.all(
      ['alice', 'bob'].map(async (name) => {
        const { status, text } = await api.get(`/reserve?username=${name}`)
        assert.equal(status, 200, text)
        return (JSON.parse(text) as { password: string }).password
      }),
    )
    for (const password of passwords) assert.match(password, /^[A-Za-z2-9]{20}$/)
    assert.notEqual(passwords[0], passwords[1])
    const chosen = await api.get('/reserve?username=carol&password=test')
    assert.equal((JSON.parse(chosen.text) as { password: string }).password, 'test')
  })

  it('needs a username only: password test, one container, an hour', async () => {
    const api = await openApi()
    const short = await api.get('/reserve?username=alice')
    const long = await api.get('/reserve?username=alice&password=test&count=1&duration=60')
    const same = ({ text }: { text: string }) =>
      text.replaceAll(/alpine-\d|"port":\d+|SHA256:[\w+/]+|\[localhost\]:\d+ ssh-ed25519 [\w+/]+/g, '…')
    assert.equal(short.status, 200)
    assert.equal(same(short), same(long))
    const [first] = (await api.world.store.snapshot()).reservations
    assert.equal(first?.durationMs, 60 * MINUTE)
    assert.equal(first?.holds.length, 1)
  })

  it('uses the named pool, or the first one; its size and durations are the limits', async () => {
    const duration = { default: 5 * MINUTE, max: 10 * MINUTE }
    const none = pool({ name: 'none', size: 0 })
    const api = await openApi({ pools: [ALPINE, pool({ name: 'big', size: 1, ports: [3000], duration }), none] })
    await api.get('/reserve?username=alice')
    const { text } = await api.get('/reserve?username=alice&pool=big')
    assert.deepEqual(await statesOf(api, 'reserved'), ['alpine-1', 'big-1'])
    assert.equal(JSON.parse(text).duration_minutes, 5)
    const refusals = [
      ['pool=big&count=2', 'count must be a whole number from 1 to 1, not "2"'],
      ['pool=big&duration=11', 'duration must be a number from 1 to 10 minutes, not "11"'],
      ['pool=huge', 'pool must be one of: alpine, big, none, got "huge"'],
      ['pool=none', 'count cannot be 1: pool "none" has size 0; an admin enlarges it with "berth scale none 1"'],
    ]
    for (const [query, error] of refusals) {
      assert.equal((await api.get(`/reserve?username=bob&${query}`)).text, JSON.stringify({ error }))
    }
  })

  it('reserves the lowest free numbers, 2 before 10', async () => {
    const api = await openApi()
    const { text } = await api.get('/reserve?username=alice&count=10')
    const names = JSON.parse(text).containers.map((c: { container: string }) => c.container)
    assert.deepEqual(
      names,
      Array.from({ length: 10 }, (_, index) => `alpine-${index + 1}`),
    )
  })

  const shortages = [
    { taken: 7, wanted: 4, error: 'Only 3 containers available' },
    { taken: 9, wanted: 2, error: 'Only 1 container available' },
    { taken: 10, wanted: 1, error: 'Only 0 containers available' },
  ]
  for (const { taken, wanted, error } of shortages) {
    it(`takes nothing when ${wanted} are wanted and ${10 - taken} are free`, async () => {
      const api = await openApi()
      await api.get(`/reserve?username=alice&count=${taken}`)
      const before = await api.everything()
      const { status, text } = await api.get(`/reserve?username=bob&count=${wanted}`)
      assert.deepEqual({ status, text }, { status: 409, text: JSON.stringify({ error }) })
      assert.equal(await api.everything(), before)
    })
  }

  it('fails when everything was released while it was preparing', async () => {
    const api = await openApi()
    const open = api.world.accounts.createAccounts.bind(api.world.accounts)
    api.world.accounts.createAccounts = async (...args) => {
      const outcomes = await open(...args)
      await api.get('/release_all')
      return outcomes
    }
    const { status, text } = await api.get('/reserve?username=alice')
    const error = 'the reservation was released while it was being prepared'
    assert.deepEqual({ status, text }, { status: 409, text: JSON.stringify({ error }) })
    assert.deepEqual(api.world.logins(), [])
  })

  it('names the container that failed when none works, and releases everything', async () => {
    const api = await openApi({ pools: [pool({ name: 'alpine', size: 1 })] })
    for (const container of api.world.host.all()) container.state = 'exited'
    const { status, headers, text } = await api.get('/reserve?username=alice')
    assert.equal(status, 503)
    assert.equal(headers['retry-after'], '2')
    assert.match(text, /^\{"error":"\w+ is not running"\}$/)
    assert.deepEqual(await statesOf(api, 'reserved'), [])
  })

  it('serves 20 concurrent requests for 10 free containers: 10 get one, 10 are refused, none is shared', async () => {
    const api = await openApi()
    const { address } = await listening(api)
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const response = await fetch(`${address}/reserve?username=u${index}`)
        return { status: response.status, text: await response.text() }
      }),
    )
    const good = answers.filter(({ status }) => status === 200).map(({ text }) => JSON.parse(text))
    const refused = answers.filter(({ status }) => status !== 200)
    assert.equal(good.length, 10)
    const refusal = { status: 409, text: '{"error":"Only 0 containers available"}' }
    assert.deepEqual(
      refused,
      Array.from({ length: 10 }, () => refusal),
    )
    const logins = good.map(({ username, containers }) => `${username}@${containers[0].container}`)
    assert.deepEqual(api.world.logins(), logins.toSorted())
    assert.equal(new Set(good.map(({ containers }) => containers[0].port)).size, 10)
  })
})
