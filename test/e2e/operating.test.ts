/** What an admin does, on the real engine, with managers that die in the middle of it. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { docker, dockerLines } from '../../lab/docker.ts'
import { eventually } from '../../lab/eventually.ts'
import { listen, told } from '../support/engine/listener.ts'
import { testManager } from '../../lab/manager.ts'
import { loginAndRun } from '../support/ssh.ts'

/** Two places, and ports for four. */
const manager = await testManager('operating', { size: 4, pool: { size: 2 } })
const name = (number: number) => `${manager.pool}-${number}`

before(async () => {
  await manager.start()
  await manager.untilReady()
})

async function send(
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const sent = body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const answer = await fetch(manager.url + path, { method, ...sent })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

const resize = (size: number | null) => send('PATCH', `/v1/pools/${manager.pool}`, { size })
const running = async () => {
  const names = await dockerLines(
    'ps',
    '--filter',
    `label=berth.instance=${manager.instance}`,
    '--format',
    '{{.Names}}',
  )
  return names.toSorted()
}
const idOf = (container: string) => docker('inspect', '--format', '{{.Id}}', container)
const stateOf = async (container: string) => (await send('GET', `/v1/containers/${container}`)).body['state']

describe('a quarantined container', () => {
  it('keeps running with all that is in it, over a SIGKILL, until it is returned: then another one is there', async () => {
    await docker('exec', name(1), 'touch', '/marker')
    const id = await idOf(name(1))
    assert.equal((await send('POST', `/v1/containers/${name(1)}/quarantine`)).status, 200)
    await manager.kill()
    await manager.start()
    await manager.until('the other one ready', (all) => all.some((c) => c.name === name(2) && c.state === 'ready'))
    assert.equal(await stateOf(name(1)), 'quarantined')
    assert.equal(await idOf(name(1)), id)
    await docker('exec', name(1), 'test', '-e', '/marker')
    const { containers } = await manager.reserve({ username: 'alice' })
    assert.deepEqual(
      containers.map(({ container }) => container),
      [name(2)],
    )
    await manager.get('/release_all')
    assert.equal((await send('POST', `/v1/containers/${name(1)}/return`)).status, 202)
    await manager.untilReady()
    assert.notEqual(await idOf(name(1)), id)
    await assert.rejects(docker('exec', name(1), 'test', '-e', '/marker'))
  })
})

describe('a pool', () => {
  it('grows, also when the manager is killed as soon as it has said yes', async () => {
    assert.equal((await resize(4)).status, 200)
    await manager.kill()
    await manager.start()
    await manager.until('four ready', (all) => all.length === 4 && all.every((c) => c.state === 'ready'))
    assert.deepEqual(await running(), [1, 2, 3, 4].map(name))
  })

  it('shrinks around whoever is logged in, and goes on when they have left', async () => {
    const ids: string[] = []
    for (const username of ['a', 'b', 'c', 'd']) {
      const { status, body } = await send('POST', '/v1/reservations', { username, password: 'test' })
      assert.equal(status, 201)
      ids.push(String(body['id']))
    }
    const port = Number((await send('GET', `/v1/containers/${name(4)}`)).body['port'])
    assert.equal((await resize(3)).status, 409)
    for (const id of ids.slice(0, 3)) await send('DELETE', `/v1/reservations/${id}`)
    assert.equal((await resize(1)).status, 200)
    await eventually(async () => (await running()).join() === [name(1), name(4)].join())
    assert.equal((await loginAndRun({ port, username: 'd', password: 'test' }, 'whoami')).stdout, 'd')
    await send('DELETE', `/v1/reservations/${ids[3]}`)
    await eventually(async () => (await running()).join() === name(1))
  })

  it('changes its mind on the way, and ends as berth.yml has it', async () => {
    await resize(4)
    await resize(1)
    await resize(3)
    await resize(null)
    await manager.until('two ready', (all) => all.length === 2 && all.every((c) => c.state === 'ready'))
    await eventually(async () => (await running()).join() === [name(1), name(2)].join())
    const all = await dockerLines('ps', '--all', '--quiet', '--filter', `label=berth.instance=${manager.instance}`)
    assert.equal(all.length, 2)
  })
})

describe('a stream of events', () => {
  it('goes on after a SIGKILL without a gap or a repeat, and ends in order with Ctrl-C, which does not wait for it', async () => {
    const first = await listen(manager.url, '?after=0')
    await manager.reserve({ username: 'alice' })
    await manager.kill()
    assert.equal(await first.over, 'cut')
    await manager.start()
    const last = first.messages.at(-1)?.id ?? ''
    const second = await listen(manager.url, '?after=0', { 'last-event-id': last })
    await manager.get('/release_all')
    const pages: unknown[] = []
    await eventually(async () => {
      const { body } = await manager.get<{ events: { kind: string }[] }>('/v1/events?limit=1000')
      pages.splice(0, pages.length, ...body.events)
      return body.events.at(-1)?.kind === 'container.ready'
    })
    await second.heard(pages.length - first.messages.length)
    assert.deepEqual([...first.messages, ...second.messages].map(told).slice(0, pages.length), pages)
    const { ms } = await manager.interrupt()
    assert.equal(await second.over, 'end')
    assert.ok(ms < 3_000, `it took ${ms} ms`)
  })
})
