/** The end of programs that tenants detached from their sessions, and the requests that delete their pods. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { parse, stringify } from 'yaml'
import { eventually } from '../../lab/eventually.ts'
import { openApiProxy } from '../../lab/kubernetes/api-proxy.ts'
import type { TestManager } from '../../lab/manager.ts'
import { sharedCluster } from './support/bed.ts'
import { gracefullyDeleted } from './support/deletions.ts'
import { Heartbeats } from './support/heartbeats.ts'
import { managersOn, podsOf, tenantOf, untilAllReady } from './support/managers.ts'

const SIZE = 3
const SECOND_POOL = '-second'
/** A kubelet kills within two seconds, unless the machine is busy. */
const MAX_LATE_MS = 10_000
/** Silence after which a program counts as ended. */
const SILENT_MS = 3_000

const cluster = await sharedCluster()
const proxy = await openApiProxy(cluster, 'ends')
after(() => proxy.close())
const heartbeats = await Heartbeats.listen(cluster)
const { managers, namespace } = await managersOn(cluster, 'ends', {
  size: SIZE,
  count: 2,
  pool: { reach: 'all' },
  further: { [SECOND_POOL]: { size: 1, image: 'berth/box:latest', memory: '64m', cpus: 0.1 } },
  env: { KUBECONFIG: proxy.kubeconfig },
})
const [first] = managers as [TestManager, TestManager]
const alice = tenantOf(first)

interface Shown {
  readonly id: string
  readonly state: string
  readonly expires_at: string
  readonly containers: readonly { readonly name: string; readonly generation: number }[]
}

interface Lent {
  readonly id: string
  readonly container: string
  readonly pod: string
  readonly expiresAt: number
  /** Names of the programs that its tenant started. */
  readonly programs: readonly string[]
}

/** Reserves a container, and starts two programs in it: one as the tenant, one as root. */
async function reserve(duration: string): Promise<Lent> {
  const shown = await alice.json<Shown>('reserve', '--pool', first.pool, '--for', duration, '--wait', '90s')
  const { name = '', generation = 0 } = shown.containers[0] ?? {}
  const programs = [heartbeats.program(), heartbeats.program('sudo -n')]
  for (const { command } of programs) {
    const { code, stderr } = await alice.run('ssh', name, '--', command)
    assert.equal(code, 0, stderr)
  }
  const names = programs.map((program) => program.name)
  await heartbeats.untilHeard(names)
  const [id, expiresAt] = [shown.id, Date.parse(shown.expires_at)]
  return { id, container: name, pod: `${name}-g${generation}`, expiresAt, programs: names }
}

/** Returns the number of processes on the nodes whose command lines name these programs. */
async function processesOf({ programs }: Lent): Promise<number> {
  const lists = await Promise.all(cluster.nodes.map((node) => node.run('ps', '-eo', 'args')))
  const lines = lists.flatMap((list) => list.split('\n'))
  return lines.filter((line) => programs.some((program) => line.includes(program))).length
}

async function containersOf({ pod }: Lent): Promise<string[]> {
  const lists = await Promise.all(cluster.nodes.map((node) => node.runningContainers()))
  return lists.flat().filter((name) => name.includes(pod))
}

/** Asserts that the tenant's programs die soon after `end`, which is a time of `performance.now()`. */
async function endsSoonAfter(end: number, lent: Lent, t: TestContext): Promise<void> {
  await eventually(async () => performance.now() - heartbeats.lastOf(lent.programs) > SILENT_MS, 2 * MAX_LATE_MS)
  const late = heartbeats.lastOf(lent.programs) - end
  t.diagnostic(`its programs were last heard ${Math.round(late)} ms after the end`)
  assert.ok(late < MAX_LATE_MS, `${late} ms`)
  assert.equal(await processesOf(lent), 0)
  assert.deepEqual(await containersOf(lent), [])
}

const allReady = () => untilAllReady(first)

before(async () => {
  for (const manager of managers) await manager.start()
  await allReady()
})

it('no program of a tenant outlives the reservation, whatever signals it ignores', async (t) => {
  const [expiring, released] = await Promise.all([reserve('1m'), reserve('10m')])
  for (const lent of [expiring, released]) assert.ok((await processesOf(lent)) >= lent.programs.length)
  const begin = performance.now()
  assert.equal((await alice.run('release', released.id)).code, 0)
  await endsSoonAfter(begin, released, t)
  const left = expiring.expiresAt - Date.now()
  assert.ok(left > 0, 'the other one has not expired yet')
  assert.ok(performance.now() - heartbeats.lastOf(expiring.programs) < SILENT_MS)
  const end = performance.now() + left
  await sleep(left)
  await endsSoonAfter(end, expiring, t)
  assert.deepEqual(
    [expiring, released].filter(({ pod }) => !gracefullyDeleted(proxy).has(pod)),
    [],
  )
  await allReady()
})

it('every pod is deleted with a grace period: after a reset, when recycled, and with its pool', async (t) => {
  const lent = await reserve('10m')
  assert.equal((await alice.run('reset', lent.container, '--yes')).code, 0)
  await eventually(async () => (await processesOf(lent)) === 0, 60_000)
  const free = (await first.containers()).find(({ state }) => state === 'ready') ?? assert.fail()
  assert.equal((await alice.run('containers', 'recycle', free.name)).code, 0)
  await alice.run('release', '--all')
  await first.until('recycled', (all) =>
    all.some(({ name, generation, state }) => name === free.name && generation > free.generation && state === 'ready'),
  )
  await allReady()
  const second = (await podsOf(cluster, namespace)).filter(({ name }) =>
    name.startsWith(`${first.pool}${SECOND_POOL}-`),
  )
  assert.equal(second.length, 1)
  removePool(`${first.pool}${SECOND_POOL}`)
  await eventually(async () => (await first.containers()).length === SIZE, 60_000)
  await eventually(async () => !(await podsOf(cluster, namespace)).some(({ name }) => name === second[0]?.name))
  const deleted = gracefullyDeleted(proxy)
  for (const pod of [lent.pod, `${free.name}-g${free.generation}`, second[0]?.name ?? '']) assert.ok(deleted.has(pod))
  t.diagnostic(`${deleted.size} pods were deleted, by ${proxy.requests.length} requests in all`)
})

/** Removes a pool from berth.yml, which all managers then read again. */
function removePool(name: string): void {
  const file = join(first.folder, 'berth.yml')
  const config = parse(readFileSync(file, 'utf8')) as { pools: Record<string, object> }
  delete config.pools[name]
  writeFileSync(file, stringify(config))
  for (const manager of managers) manager.signal('SIGHUP')
}
