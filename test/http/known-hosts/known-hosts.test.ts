import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openApi } from '../../../lab/api.ts'
import { openTokenApi, type TokenApi } from '../../support/http/token-api.ts'

const LINE = /^\[localhost\]:\d+ ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI[\w+/]{43}$/

interface Place {
  readonly name: string
  readonly host_key: string | null
  readonly known_hosts: string | null
  readonly generation: number | null
}

async function reserve(api: TokenApi, headers: Record<string, string>, body: object) {
  const json = { ...headers, 'content-type': 'application/json' }
  const { text } = await api.ask('POST', '/v1/reservations', json, JSON.stringify(body))
  return JSON.parse(text) as { id: string; containers: readonly Place[] }
}

async function read(api: TokenApi, headers: Record<string, string>) {
  const { statusCode, headers: sent, payload } = await api.server.inject({ url: '/v1/known_hosts', headers })
  return { status: statusCode, type: sent['content-type'], etag: String(sent['etag']), text: payload }
}

describe('GET /v1/known_hosts', () => {
  it('has the lines that the reservations of the caller show; those of all for an admin', async () => {
    const api = await openTokenApi()
    const [alice, bob] = [await api.give('alice'), await api.give('bob')]
    const root = await api.give('root', 'admin')
    const first = await reserve(api, alice.headers, { count: 2 })
    const second = await reserve(api, bob.headers, {})
    const lines = (...some: (typeof first)[]) =>
      some.flatMap(({ containers }) => containers.map(({ known_hosts }) => `${known_hosts}\n`)).join('')
    for (const { known_hosts, generation } of [...first.containers, ...second.containers]) {
      assert.match(known_hosts ?? '', LINE)
      assert.equal(generation, 1)
    }
    const { status, type, text } = await read(api, alice.headers)
    assert.deepEqual([status, type, text], [200, 'text/plain; charset=utf-8', lines(first)])
    assert.equal((await read(api, bob.headers)).text, lines(second))
    assert.equal((await read(api, root.headers)).text, lines(first, second))
    assert.equal((await api.server.inject('/v1/known_hosts')).statusCode, 401)
  })

  it('is 304 for a client that has it, until a reservation begins, ends or expires', async () => {
    const api = await openTokenApi()
    const { headers } = await api.give('alice')
    const empty = await read(api, headers)
    assert.equal(empty.text, '')
    await reserve(api, headers, { duration: '1m' })
    const one = await read(api, headers)
    assert.notEqual(one.etag, empty.etag)
    const known = await read(api, { ...headers, 'if-none-match': one.etag })
    assert.deepEqual([known.status, known.text], [304, ''])
    api.world.advance(60_000)
    const expired = await read(api, { ...headers, 'if-none-match': one.etag })
    assert.deepEqual([expired.status, expired.text, expired.etag], [200, '', empty.etag])
  })

  it('begins with the key of the host CA, for every caller, if there is one', async () => {
    const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKl0Q'
    const { server } = await openApi({ access: () => ({ hostCaKey: key }) })
    const { payload } = await server.inject('/v1/known_hosts')
    assert.equal(payload, `@cert-authority [localhost]:* ${key}\n`)
  })

  it('leaves out containers whose key an earlier version did not record', async () => {
    const api = await openTokenApi()
    const { headers } = await api.give('alice')
    const { id, containers } = await reserve(api, headers, { count: 2 })
    const row = await api.world.store.container(containers[0]?.name ?? '')
    assert.ok(row && (await api.world.store.updateContainer(row, { hostPublicKey: null }, api.world.now())))
    assert.equal((await read(api, headers)).text, `${containers[1]?.known_hosts}\n`)
    const { text } = await api.get(`/v1/reservations/${id}`, headers)
    const [old] = (JSON.parse(text) as { containers: Place[] }).containers
    assert.deepEqual([old?.known_hosts, old?.host_key], [null, containers[0]?.host_key])
  })

  it('shows no key of a container after the reservation', async () => {
    const api = await openTokenApi()
    const { headers } = await api.give('alice')
    const { id } = await reserve(api, headers, {})
    const { text } = await api.ask('DELETE', `/v1/reservations/${id}`, headers)
    const [place] = (JSON.parse(text) as { containers: Place[] }).containers
    assert.deepEqual([place?.known_hosts, place?.host_key, place?.generation], [null, null, null])
  })
})
