/** An operator removes, stops, pauses, renames and unplugs containers with the docker command. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { effort, tried } from '../../lab/proof.ts'
import { eventually } from '../../lab/eventually.ts'
import { canLogIn, login, loginAndRun } from '../support/ssh.ts'
import { type Bystander, twoPools } from '../support/manager/two-pools.ts'

const pools = await twoPools('behind', { size: 3 })
const { manager, docker } = pools
const ROUNDS = effort({ test: 1, prove: 3 })
const network = `berth-${manager.instance}-internet`
let bystander: Bystander

before(async () => {
  await manager.start()
  await manager.untilReady()
  bystander = await pools.holdBystander()
})

const DISTURBANCES = [
  (name: string) => docker('rm', '--force', name),
  (name: string) => docker('network', 'disconnect', '--force', network, name),
  // runc (1.1, cgroup v1) may refuse to freeze what is forking, or ending, just now.
  (name: string) => eventually(async () => (await docker('pause', name)).endsWith(name)),
  (name: string) => docker('stop', '--time', '0', name),
  (name: string) => docker('kill', name),
]
/** Those that leave the files where they are. */
const HARMLESS = DISTURBANCES.slice(1)

/** Three places, another disturbance for each, and others each round. */
async function disturb(round: number, disturbances: typeof DISTURBANCES): Promise<void> {
  const places = [1, 2, 3].map((number) => pools.place(number))
  await Promise.all(places.map(async (name, index) => disturbances[(round + index) % disturbances.length]?.(name)))
}

test('A ready container that an operator removes, stops, kills, pauses or unplugs is replaced', async (t) => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const earlier = await manager.containers()
    const generationOf = (name: string) => earlier.find((c) => c.name === name)?.generation ?? 0
    await disturb(round, DISTURBANCES)
    await manager.until('noticed', (all) =>
      all.every(({ name, generation }) => name === bystander.name || generation > generationOf(name)),
    )
    await pools.untilReady()
    const held = await pools.reserve('next', { count: 3 })
    for (const each of pools.loginsOf(held)) assert.equal((await loginAndRun(each, 'whoami')).stdout, 'next')
    assert.equal(await pools.releaseAll(), 200)
    await pools.untilReady()
    await bystander.untouched()
  }
  await pools.soundly()
  tried(t, ROUNDS * 3, 'ready containers disturbed')
})

test('A reserved container that an operator stops, kills, pauses or unplugs comes back to its holder with all files', async (t) => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const held = await pools.reserve('alice', { count: 3 })
    const earlier = await manager.containers()
    const logins = pools.loginsOf(held)
    for (const each of logins) await loginAndRun(each, `echo work on ${each.port} > ~/work`)
    await disturb(round, HARMLESS)
    for (const each of logins) {
      await eventually(async () => (await loginAndRun(each, 'cat ~/work')).stdout === `work on ${each.port}`)
    }
    for (const { name, generation, state } of await manager.containers()) {
      assert.deepEqual([name, state, generation], [name, 'reserved', earlier.find((c) => c.name === name)?.generation])
    }
    assert.equal(await pools.releaseAll(), 200)
    for (const each of logins) assert.equal(await canLogIn(each), false)
    await pools.untilReady()
    await bystander.untouched()
  }
  await pools.soundly()
  tried(t, ROUNDS * 3, 'held containers disturbed')
})

test('A reserved container that an operator removes is replaced, and its holder logs in as before', async (t) => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const held = await pools.reserve('alice')
    const { container: name = '' } = held.containers[0] ?? {}
    const earlier = await pools.container(name)
    await docker('rm', '--force', name)
    await eventually(async () => (await loginAndRun(pools.loginOf(held), 'whoami')).stdout === 'alice')
    const { state, generation } = await pools.container(name)
    assert.deepEqual([state, generation], ['reserved', earlier.generation + 1])
    const { body } = await manager.get<{ reservations: { container: string }[] }>('/reservations')
    assert.ok(
      body.reservations.some((r) => r.container === name),
      'the reservation stands',
    )
    assert.equal(await pools.releaseAll(), 200)
    await pools.untilReady()
  }
  await bystander.untouched()
  await pools.soundly()
  tried(t, ROUNDS, 'held containers removed')
})

test('A renamed container is recognised, its access is revoked on time, and it is replaced like any other', async (t) => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const held = await pools.reserve('alice', { count: 3 })
    const names = held.containers.map((c) => c.container)
    const session = await login(pools.loginOf(held))
    for (const name of names) await docker('rename', name, `${name}-renamed`)
    assert.equal((await session.exec('whoami')).stdout, 'alice', 'who is in stays in')
    assert.equal(await pools.releaseAll(), 200)
    await session.closed
    await pools.untilReady()
    // Ready ones, as well.
    for (const name of names) await docker('rename', name, `${name}-renamed`)
    const next = await pools.reserve('next', { count: 3 })
    assert.equal((await loginAndRun(pools.loginOf(next), 'whoami')).stdout, 'next')
    assert.equal(await pools.releaseAll(), 200)
    await pools.untilReady()
    const left = await docker(
      'ps',
      '--all',
      '--filter',
      `label=berth.instance=${manager.instance}`,
      '--format',
      '{{.Names}}',
    )
    assert.deepEqual(left.split('\n').toSorted(), [...names, `${pools.bystander}-1`].toSorted())
  }
  await bystander.untouched()
  await pools.soundly()
  tried(t, ROUNDS * 6, 'containers renamed')
})
