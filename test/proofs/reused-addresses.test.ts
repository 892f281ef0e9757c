/**
 * Docker gives the address of a dead container to the next one at once: a block of the first must not hit the second.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, afterEach, before, it, type TestContext } from 'node:test'
import { type DockerOptions, openDocker } from '../../src/engine/docker/engine.ts'
import { blocklistName } from '../../src/engine/docker/firewall/rules.ts'
import { firewallName } from '../../src/engine/docker/firewall/spec.ts'
import type { Engine } from '../../src/ports/engine.ts'
import { mark } from '../../lab/database-mark.ts'
import { docker } from '../../lab/docker.ts'
import { eventually } from '../../lab/eventually.ts'
import { testInstance } from '../../lab/instance.ts'
import { reservePorts } from '../../lab/ports.ts'
import { effort, tried } from '../../lab/proof.ts'
import { gateKills } from '../support/engine/gated-docker.ts'
import { reachedFromHere } from '../support/engine/probing.ts'
import { pauseFirewall } from '../support/engine/without-rules.ts'

const SIZE = 8
const ROUNDS = effort({ test: 2, prove: 10 })
const { instance, pool } = testInstance('addresses')
const ports = await reservePorts(SIZE)
const options: DockerOptions = { database: mark(), instance, reaches: ['all'], dockerHost: process.env['DOCKER_HOST'] }
const engine = openDocker(options)
let generation = 0

before(() => engine.provision())
afterEach(async () => {
  for (const { id } of (await engine.list()).observed) await engine.remove(id)
})
after(() => engine.close())

it('An address that was blocked for a container that ended is free when the next container has started at it, of many that end together', async (t) => {
  const slots = ports.map((_, index) => index)
  let living = await Promise.all(slots.map((slot) => startIn(slot)))
  const addresses = addressesOf(living)
  for (let round = 0; round < ROUNDS; round += 1) {
    const replaced = living.map(async ({ id }, slot) => {
      await engine.kill(id)
      await engine.remove(id)
      const next = await startIn(slot)
      assert.ok(!(await blocked()).includes(next.address), `${next.address} is blocked in round ${round}`)
      return next
    })
    living = await Promise.all(replaced)
    assert.deepEqual(addressesOf(living), addresses)
  }
  for (const { address } of living) await assertReached(address)
  tried(t, ROUNDS * SIZE, 'addresses handed over')
})

it('An address is free when the next container has started at it, though the firewall did not answer when the first one died', async (t) => {
  const { first, killing, release } = await blockedWhileKilled(t)
  await pauseFirewall(docker, instance)
  try {
    release()
    await killing
    await engine.remove(first.id)
    const id = await createIn(0)
    // The start fails: a container that may be off the network is not ready.
    await assert.rejects(engine.start(id), { code: 'engine_unavailable' })
    assert.equal(await addressOf(id), first.address)
    await docker('unpause', firewallName(instance))
    await engine.start(id)
    assert.deepEqual(await blocked(), [])
    await assertReached(first.address)
  } finally {
    await docker('unpause', firewallName(instance)).catch(() => undefined)
  }
  tried(t, 1, 'addresses handed over')
})

it('An unblock that fails is tried again until it succeeds', async (t) => {
  const { first, killing, release } = await blockedWhileKilled(t)
  await pauseFirewall(docker, instance)
  release()
  await killing
  await engine.remove(first.id)
  await docker('unpause', firewallName(instance))
  // Docker starts it without the engine object, as it does after its own restart.
  const id = await createIn(0)
  await docker('start', id)
  assert.equal(await addressOf(id), first.address)
  const began = performance.now()
  await assertReached(first.address)
  assert.ok(performance.now() - began < 10_000, 'it left the list by itself')
  tried(t, 1, 'addresses handed over')
})

it('An address is free when the next container has started at it, though the manager was killed between block and unblock', async (t) => {
  const gated = await gateKills(t)
  const first = await startIn(0)
  const program = `
    import { openDocker } from '${import.meta.dirname}/../../src/engine/docker/engine.ts'
    const engine = openDocker(${JSON.stringify({ ...options, dockerHost: gated.address })})
    await engine.list()
    void engine.kill('${first.id}')
    setInterval(() => {}, 1_000)`
  const manager = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' })
  await eventually(async () => gated.asked.includes(first.id) && (await blocked()).includes(first.address))
  manager.kill('SIGKILL')
  await once(manager, 'exit')
  // Another manager goes on. It has provisioned before, and knows nothing of the list.
  await docker('rm', '--force', first.id)
  await handOver(first.address)
  tried(t, 1, 'addresses handed over')
})

it('An address is free when the next container has started at it, though the kill was given up', async (t) => {
  const { first, killing } = await blockedWhileKilled(t, { kill: 1_000, killBlocked: 1_000 })
  await assert.rejects(killing, { code: 'engine_unavailable' })
  assert.deepEqual(await blocked(), [first.address])
  await docker('rm', '--force', first.id)
  await handOver(first.address)
  tried(t, 1, 'addresses handed over')
})

/** Shows that the address is blocked for the next container until the engine starts it. */
async function handOver(address: string): Promise<void> {
  const id = await createIn(0)
  await docker('start', id)
  assert.equal(await addressOf(id), address)
  await eventually(async () => (await docker('exec', id, 'ss', '-ltn')).includes(':22'))
  assert.deepEqual(await reachedFromHere([`tcp ${address} 22`]), [])
  await engine.start(id)
  assert.deepEqual(await blocked(), [])
  assert.deepEqual(await reachedFromHere([`tcp ${address} 22`]), [`tcp ${address} 22`])
}

/** Returns a blocked container whose kill reaches Docker only after `release`. */
async function blockedWhileKilled(t: TestContext, deadlines: DockerOptions['deadlines'] = {}) {
  const gated = await gateKills(t)
  const killer = openDocker({ ...options, dockerHost: gated.address, deadlines })
  t.after(() => killer.close())
  const first = await startIn(0)
  const killing = killer.kill(first.id)
  killing.catch(() => undefined)
  await eventually(async () => gated.asked.includes(first.id) && (await blocked()).includes(first.address))
  return { first, killing, release: () => gated.open() }
}

async function startIn(slot: number, by: Engine = engine): Promise<{ id: string; address: string }> {
  const id = await createIn(slot)
  await by.start(id)
  return { id, address: await addressOf(id) }
}

async function createIn(slot: number): Promise<string> {
  generation += 1
  return engine.create({
    instance,
    pool,
    name: `${pool}-${slot + 1}`,
    generation,
    image: 'berth/box',
    bind: '127.0.0.1',
    port: ports[slot] ?? 0,
    memory: 128 * 1024 ** 2,
    shm: 2 ** 26,
    cpus: 0.5,
    pids: 64,
    sudo: true,
    reach: 'all',
    disk: null,
    runtime: null,
  })
}

function addressesOf(containers: readonly { address: string }[]): string[] {
  return containers.map(({ address }) => address).toSorted()
}

async function addressOf(id: string): Promise<string> {
  return docker('inspect', '--format', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', id)
}

async function assertReached(address: string): Promise<void> {
  await eventually(async () => (await reachedFromHere([`tcp ${address} 22`])).length === 1)
}

/** Returns the addresses on the list. */
async function blocked(): Promise<string[]> {
  const set = await docker(
    'exec',
    firewallName(instance),
    'nft',
    'list',
    'set',
    'inet',
    blocklistName(instance),
    'blocked',
  )
  return /elements = \{([^}]*)\}/.exec(set)?.[1]?.match(/\d+\.\d+\.\d+\.\d+/g) ?? []
}
