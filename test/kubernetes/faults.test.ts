/** The engine with an API server that fails: behind a proxy that answers late, never, with errors or with old lists. */
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../../lab/eventually.ts'
import { openApiProxy } from '../../lab/kubernetes/api-proxy.ts'
import { container } from '../../lab/rows.ts'
import type { ContainerSpec } from '../../src/domain/container.ts'
import { parseId } from '../../src/engine/kubernetes/pods/id.ts'
import { confirmed } from '../../src/reconcile/listing/confirmed.ts'
import { sharedCluster } from './support/bed.ts'
import { openEngine, SPEC } from '../../lab/kubernetes/engine.ts'

const INSTANCE = 'can-faults'
/** A list of the instance's containers. */
const LIST = /^GET .*\/pods\?.*labelSelector=/
const WATCH = /^GET .*watch=true/
const PATH = `/api/v1/namespaces/${INSTANCE}/pods?labelSelector=berth.instance%3D${INSTANCE}%2Cberth.container`

const cluster = await sharedCluster()
const proxy = await openApiProxy(cluster, 'faults')
const engine = await openEngine(proxy.kubeconfig, INSTANCE, { deadlines: { list: 3_000, inspect: 3_000 } })
/** Made by the first test that needs one. */
let id = ''
const endings: (() => void)[] = []
const fail: typeof proxy.fail = (...args) => {
  const end = proxy.fail(...args)
  endings.push(end)
  return end
}

before(async () => void (await cluster.kubectl('create', 'namespace', INSTANCE)))

after(async () => {
  await engine.close()
  proxy.close()
})

function specOf(generation: number): ContainerSpec {
  return { ...SPEC, instance: INSTANCE, pool: 'can', name: 'can-1', generation, cpus: 0.5 }
}

async function podNames(): Promise<string[]> {
  const names = await cluster.kubectl('-n', INSTANCE, 'get', 'pods', '-l', 'berth.container', '-o', 'name')
  return names.split('\n').filter(Boolean)
}

function count(matching: RegExp): number {
  return proxy.requests.filter(({ method, path }) => matching.test(`${method} ${path}`)).length
}

/** Returns how long a call took until it was refused because Kubernetes cannot be reached. */
async function unavailableAfter(call: Promise<unknown>): Promise<number> {
  const began = performance.now()
  await assert.rejects(call, { code: 'engine_unavailable' })
  return performance.now() - began
}

describe('an API server that fails', () => {
  afterEach(() => {
    for (const end of endings.splice(0)) end()
  })

  it('is asked again after the time that it names, and not before', async () => {
    fail(LIST, { kind: 'answer', status: 429, headers: { 'retry-after': '1' }, body: '{}' }, 1)
    const asked = count(LIST)
    const began = performance.now()
    await engine.list()
    assert.ok(performance.now() - began >= 1_000)
    assert.equal(count(LIST), asked + 2)
    fail(LIST, { kind: 'answer', status: 429, headers: { 'retry-after': '60' }, body: '{}' })
    await assert.rejects(engine.list(), { code: 'engine_unavailable' })
    assert.equal(count(LIST), asked + 3)
  })

  it('is asked for the whole list again when the rest of it has expired', async () => {
    fail(LIST, { kind: 'answer', status: 410, body: '{}' }, 1)
    const asked = count(LIST)
    await engine.list()
    assert.equal(count(LIST), asked + 2)
    fail(LIST, { kind: 'answer', status: 410, body: '{}' })
    await assert.rejects(engine.list(), { code: 'engine_unavailable' })
    assert.ok(count(LIST) < asked + 10)
  })

  it('keeps no call past its deadline, and the next one succeeds', async () => {
    for (const kind of ['drop', 'half-open'] as const) {
      const end = fail(LIST, { kind })
      const took = await unavailableAfter(engine.list())
      assert.ok(took >= 2_900 && took < 8_000, `${kind}: ${took} ms`)
      end()
      await engine.list()
    }
    const end = fail(LIST, { kind: 'reset' })
    assert.ok((await unavailableAfter(engine.list())) < 2_900)
    end()
    fail(LIST, { kind: 'delay', ms: 1_000 })
    await engine.list()
  })

  it('is not believed when it answers with an old list: nothing is made twice, or taken for gone', async () => {
    const earlier = await proxy.read(PATH)
    id = await engine.create(specOf(1))
    fail(LIST, { kind: 'answer', status: 200, body: earlier })
    const stale = await engine.list()
    assert.deepEqual(stale.observed, [])
    const row = container({ name: 'can-1', pool: 'can', state: 'creating', generation: 1, engineId: id })
    const { observed } = await confirmed(engine, { containers: [row] }, stale)
    assert.deepEqual(observed, [await engine.inspect(id)])
    assert.equal(await engine.create(specOf(1)), id)
    assert.equal((await podNames()).length, 1)
  })

  it('ends a command at its deadline when the connection is half-open', async () => {
    const { name } = parseId(id) ?? assert.fail()
    await cluster.kubectl('-n', INSTANCE, 'wait', '--for=condition=Ready', `pod/${name}`, '--timeout=60s')
    fail(/^GET .*\/exec\?/, { kind: 'half-open' }, 1)
    const took = await unavailableAfter(engine.exec(id, { command: ['true'], timeoutMs: 1_000 }))
    assert.ok(took >= 900 && took < 5_000, `${took} ms`)
    assert.equal((await engine.exec(id, { command: ['true'], timeoutMs: 30_000 })).code, 0)
  })

  it('may send nothing in a watch: lists show changes, and there is no storm of requests', async () => {
    fail(WATCH, { kind: 'half-open' })
    let hints = 0
    const close = engine.watch(() => (hints += 1))
    await eventually(async () => hints === 1)
    const asked = proxy.requests.length
    await engine.lend([id], 'r-1')
    assert.equal((await engine.list()).observed[0]?.lentTo, 'r-1')
    await sleep(2_000)
    assert.equal(hints, 1)
    assert.ok(proxy.requests.length - asked < 10, `${proxy.requests.length - asked} requests`)
    close()
  })

  it('may end each watch at once: there is no storm of requests, and changes are seen when it works again', async () => {
    const end = fail(WATCH, { kind: 'answer', status: 200 })
    let hints = 0
    const close = engine.watch(() => (hints += 1))
    await eventually(async () => count(WATCH) > 0)
    const asked = count(WATCH)
    await sleep(3_000)
    assert.ok(count(WATCH) - asked <= 6, `${count(WATCH) - asked} watches in 3 s`)
    end()
    hints = 0
    await cluster.kubectl('-n', INSTANCE, 'annotate', 'pod', parseId(id)?.name ?? '', 'can=changed')
    await eventually(async () => hints > 0)
    close()
  })

  it('may list a container that is gone: its successor can be made, and is not removed with it', async () => {
    const earlier = await proxy.read(PATH)
    await engine.remove(id)
    fail(LIST, { kind: 'answer', status: 200, body: earlier })
    const listed = (await engine.list()).observed.map((each) => each.id)
    assert.deepEqual(listed, [id])
    const next = await engine.create(specOf(2))
    await engine.remove(id)
    assert.equal(await engine.inspect(id), null)
    assert.equal((await engine.inspect(next))?.generation, 2)
  })
})
