/** berth.yml applied to a running manager of `engine: memory`. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { stringify } from 'yaml'
import { loadConfig } from '../src/config/config.ts'
import { BerthError } from '../src/domain/errors.ts'
import { type Manager, startManager } from '../src/main.ts'
import { eventually } from '../lab/eventually.ts'
import { reservePorts } from '../lab/ports.ts'

interface Change {
  readonly path: string
  readonly before: string | null
  readonly after: string | null
  readonly description: string
}
interface PoolView {
  readonly name: string
  readonly size: number
  readonly containers: Readonly<Record<string, number>>
  readonly problem: string | null
}
/** Fields of all answers in this test. Each answer has some of them. */
interface Body extends Held {
  readonly changes: readonly Change[]
  readonly pools: readonly PoolView[]
  readonly generation: number
  readonly code: string
  readonly detail: string
  readonly errors: readonly { readonly path: string; readonly message: string }[]
}
interface Held {
  readonly id: string
  readonly state: string
  readonly containers: readonly { readonly name: string; readonly host: string }[]
}

const folder = mkdtempSync(join(tmpdir(), 'berth-reload-'))
const file = join(folder, 'berth.yml')
const LAB = { size: 2, ssh_ports: '3001-3009' }
/** Overrides that stay in effect whatever the file says. */
const ENVIRONMENT = { BERTH_CONFIG: file, BERTH_KEEP: '30d' }
let base: object = {}
let manager: Manager

function write(some: object): void {
  writeFileSync(file, stringify({ ...base, ...some }))
}

before(async () => {
  const [port] = await reservePorts(1)
  base = { listen: `127.0.0.1:${port}`, auth: 'none', engine: 'memory', log: 'error', timezone: 'UTC' }
  write({ pools: { lab: LAB } })
  const load = () => loadConfig(ENVIRONMENT, file)
  manager = await startManager(load(), load)
})
after(async () => {
  await manager.stop()
  rmSync(folder, { recursive: true })
})

async function ask(method: string, path: string, body?: object): Promise<{ status: number; body: Body }> {
  const sent = body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  const response = await fetch(manager.address + path, { method, ...sent })
  return { status: response.status, body: (await response.json()) as Body }
}

/** Writes berth.yml and reloads it. Returns the changes in words. */
async function reload(some: object): Promise<string[]> {
  write(some)
  const { status, body } = await ask('POST', '/v1/reload')
  assert.equal(status, 200, JSON.stringify(body))
  return body.changes.map(({ description }) => description)
}

async function pools(): Promise<readonly PoolView[]> {
  return (await ask('GET', '/v1/pools')).body.pools
}

async function reserve(some: object = {}): Promise<Held> {
  const { status, body } = await ask('POST', '/v1/reservations', { username: 'alice', ...some })
  assert.equal(status, 201, JSON.stringify(body))
  return body
}

async function release({ id }: Held): Promise<void> {
  assert.equal((await ask('DELETE', `/v1/reservations/${id}`)).status, 200)
}

/** Waits until the pools have these numbers of ready containers, as "lab 2". */
async function untilReady(...wanted: string[]): Promise<void> {
  await eventually(async () => {
    const found = (await pools()).map(({ name, containers }) => `${name} ${containers['ready'] ?? 0}`)
    return found.join() === wanted.join()
  })
}

describe('a reload', () => {
  it('says that nothing has changed', async () => {
    await untilReady('lab 2')
    assert.deepEqual(await reload({ pools: { lab: LAB } }), [])
  })

  it('lets a pool grow and shrink, adds one and removes one', async () => {
    const other = { size: 1, ssh_ports: 3100 }
    assert.deepEqual(await reload({ pools: { lab: { ...LAB, size: 4 }, other } }), [
      'pools.lab.size: 2 -> 4',
      'pools.other: new, 1 container of berth/box',
    ])
    await untilReady('lab 4', 'other 1')
    await reload({ pools: { lab: LAB } })
    await untilReady('lab 2')
    await eventually(async () => (await ask('GET', '/v1/containers')).body.containers.length === 2)
    assert.equal((await ask('POST', '/v1/reservations', { username: 'bob', pool: 'other' })).status, 422)
  })

  it('answers with what has changed, structured and in words', async () => {
    write({ pools: { lab: { ...LAB, size: 3 } } })
    const { body } = await ask('POST', '/v1/reload')
    const change = { path: 'pools.lab.size', before: '2', after: '3', description: 'pools.lab.size: 2 -> 3' }
    assert.deepEqual(body, { changes: [change] })
    await reload({ pools: { lab: LAB } })
  })

  it('leaves a reserved container as it is, and renews the others', async () => {
    await untilReady('lab 2')
    const held = await reserve()
    const [taken] = held.containers
    assert.deepEqual(await reload({ pools: { lab: { ...LAB, memory: '1g' } } }), ['pools.lab.memory: 512m -> 1024m'])
    const generation = async (name: string) => (await ask('GET', `/v1/containers/${name}`)).body.generation
    const other = taken?.name === 'lab-1' ? 'lab-2' : 'lab-1'
    const lent = await generation(taken?.name ?? '')
    await eventually(async () => (await generation(other)) === 2)
    assert.equal(await generation(taken?.name ?? ''), lent)
    await reload({ pools: { lab: LAB } })
    await eventually(async () => (await generation(other)) === 3)
    await release(held)
    await eventually(async () => (await generation(taken?.name ?? '')) > lent)
    await untilReady('lab 2')
  })

  it('keeps a reservation whose pool is gone, or has become too small, until it ends', async () => {
    await untilReady('lab 2')
    const held = await reserve({ count: 2 })
    const other = { size: 1, ssh_ports: 3100 }
    await reload({ pools: { other } })
    await untilReady('other 1')
    const shown = (await ask('GET', `/v1/reservations/${held.id}`)).body
    assert.equal(shown.state, 'active')
    assert.equal(shown.containers.length, 2)
    await release(held)
    await eventually(async () => (await ask('GET', '/v1/containers')).body.containers.length === 1)
    await reload({ pools: { lab: LAB } })
    await untilReady('lab 2')
  })

  it('changes limits, names and times for the next request', async () => {
    const duration = { default: '10m', max: '20m' }
    const said = await reload({
      ssh: { host: 'lab.example' },
      timezone: 'Europe/Berlin',
      pools: { lab: { ...LAB, duration } },
    })
    assert.deepEqual(said, [
      'ssh.host: localhost -> lab.example',
      'timezone: UTC -> Europe/Berlin',
      'pools.lab.duration.default: 1h -> 10m',
      'pools.lab.duration.max: 1d -> 20m',
    ])
    assert.equal((await ask('POST', '/v1/reservations', { username: 'a', duration: '30m' })).status, 422)
    const held = await reserve()
    assert.equal(held.containers[0]?.host, 'lab.example')
    assert.equal(manager.components.localTime.zone, 'Europe/Berlin')
    assert.match(manager.components.localTime.timeOfDay(0), /01:00 CET/)
    await release(held)
    await reload({ rate_limit: 1, pools: { lab: LAB } })
    const answers = await Promise.all([1, 2, 3].map(() => ask('GET', '/v1/pools')))
    assert.ok(answers.some(({ status }) => status === 429))
    write({ pools: { lab: LAB } })
    await manager.reload('the test')
    assert.equal((await ask('GET', '/v1/pools')).status, 200)
  })

  it('says when the size of an admin is in effect instead', async () => {
    await ask('PATCH', '/v1/pools/lab', { size: 3 })
    const [said] = await reload({ pools: { lab: { ...LAB, size: 1 } } })
    assert.equal(said, 'pools.lab.size: 2 -> 1; berth scale has set 3, until `berth scale lab default`')
    assert.equal((await pools())[0]?.size, 3)
    await ask('PATCH', '/v1/pools/lab', { size: null })
    assert.equal((await pools())[0]?.size, 1)
    await reload({ pools: { lab: LAB } })
  })

  it('leaves what the environment overrides', async () => {
    assert.deepEqual(await reload({ keep: '10d', pools: { lab: LAB } }), [])
  })
})

describe('a reload that is refused', () => {
  /** Reloads berth.yml with this content, which must be refused and change nothing. Returns the problems. */
  async function refused(content: string | object): Promise<{ detail: string; errors: string[] }> {
    await untilReady('lab 2')
    const was = { pools: await pools(), revision: manager.components.pools.revision }
    if (typeof content === 'string') writeFileSync(file, content)
    else write(content)
    const { status, body } = await ask('POST', '/v1/reload')
    assert.equal(status, 422)
    assert.equal(body.code, 'invalid_config')
    assert.deepEqual({ pools: await pools(), revision: manager.components.pools.revision }, was)
    return {
      detail: body.detail,
      errors: body.errors.map(({ path, message }) => `${path}: ${message}`),
    }
  }

  it('lists every problem of the file with its path, and applies nothing of it', async () => {
    const { errors } = await refused({
      colour: 'red',
      keep: 'long',
      pools: { lab: { ...LAB, size: 5, memory: 'lots' } },
    })
    assert.equal(errors.length, 2)
    assert.match(errors[0] ?? '', /^colour: unknown key/)
    assert.match(errors[1] ?? '', /^pools\.lab\.memory: must be a size/)
  })

  it('says what is no YAML, and that a file is gone', async () => {
    assert.match((await refused('pools: [')).errors.join(), /^: .*line 1/)
    rmSync(file)
    const { status, body } = await ask('POST', '/v1/reload')
    assert.equal(status, 422)
    assert.match(body.errors[0]?.message ?? '', /^cannot be read: ENOENT/)
  })

  it('names each setting that needs a restart, and applies nothing else', async () => {
    const { errors, detail } = await refused({
      database: 'other.db',
      instance: 'other',
      pools: { lab: { ...LAB, size: 5 } },
    })
    assert.deepEqual(errors, [
      `database: needs a restart: ${join(folder, 'containers.db')} -> ${join(folder, 'other.db')}`,
      'instance: needs a restart: berth -> other',
    ])
    assert.match(detail, /Nothing was applied: restart the manager, or undo these changes and reload/)
  })
})

it('a burst of reserves during reloads is served by the old settings or the new ones', async () => {
  const sizes = [6, 8]
  await reload({ pools: { lab: { ...LAB, size: 6 } } })
  await untilReady('lab 6')
  let held: Held[] = []
  for (let round = 0; round < 6; round += 1) {
    const burst = Array.from({ length: 6 }, (_, nth) =>
      ask('POST', '/v1/reservations', { username: `u${nth}`, wait: '20s' }),
    )
    const image = round % 2 === 0 ? 'debian:12' : 'berth/box'
    await reload({ pools: { lab: { ...LAB, image, size: sizes[round % 2] } } })
    const answers = await Promise.all(burst)
    for (const { status, body } of answers) assert.ok([201, 202].includes(status), JSON.stringify(body))
    held = answers.map(({ body }) => body)
    await eventually(async () => {
      const states = await Promise.all(
        held.map(async ({ id }) => (await ask('GET', `/v1/reservations/${id}`)).body.state),
      )
      return states.every((state) => state === 'active')
    })
    for (const one of held) await release(one)
  }
  await reload({ pools: { lab: LAB } })
  await untilReady('lab 2')
})

it('a reload throws what it answers, for a program that runs the manager', async () => {
  write({ pools: {} })
  await assert.rejects(
    () => manager.reload('the test'),
    (error) => error instanceof BerthError && error.violations[0]?.path === 'pools',
  )
})
