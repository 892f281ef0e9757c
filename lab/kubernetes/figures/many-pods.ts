/**
 * Measures the engine in a cluster with many pods: `node lab/kubernetes/figures/many-pods.ts 1000 10000`. API server
 * and etcd are real. There are no nodes: this program writes what the scheduler and kubelets would write.
 */
import { loadavg } from 'node:os'
import { createLimit } from '../../../src/domain/concurrency.ts'
import { readKubeconfig } from '../../../src/engine/kubernetes/api/access/kubeconfig.ts'
import { KubernetesClient } from '../../../src/engine/kubernetes/api/client.ts'
import { parseId } from '../../../src/engine/kubernetes/pods/id.ts'
import { AGENT_ANNOTATION, containersOf } from '../../../src/engine/kubernetes/pods/marks.ts'
import type { Engine } from '../../../src/ports/engine.ts'
import { systemClock } from '../../../src/ports/clock.ts'
import { eventually } from '../../eventually.ts'
import { Samples } from '../../samples.ts'
import { startCluster } from '../cluster.ts'
import { processOf, processorTimeOf, residentBytesOf } from './processes.ts'
import { openEngine, SPEC } from '../engine.ts'

const NAMESPACE = 'many'
const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`
/** Kubernetes supports at most 110 pods per node. */
const PODS_PER_NODE = 100
/** Pods that are made concurrently. */
const AT_ONCE = 16
/** Number of measurements of each call. */
const REPEATS = 20
const BYTES_PER_MB = 1_000_000

const sizes = process.argv.slice(2).map(Number)
if (sizes.length === 0 || sizes.some((size) => !(size > REPEATS))) throw new Error('usage: many-pods.ts SIZE...')

const cluster = await startCluster({ names: [] })
const access = await readKubeconfig(cluster.kubeconfig, { context: null, environment: {}, clock: systemClock })
const client = new KubernetesClient(access)
const engine = await openEngine(cluster.kubeconfig, NAMESPACE)
const apiServer = processOf(cluster.folder, 'kube-apiserver')
const etcd = processOf(cluster.folder, 'etcd')
const ids: string[] = []
try {
  // They would act on pods whose nodes have no kubelet.
  for (const program of ['kube-scheduler', 'kube-controller-manager'])
    process.kill(processOf(cluster.folder, program), 'SIGKILL')
  await cluster.kubectl('create', 'namespace', NAMESPACE)
  await cluster.kubectl('-n', NAMESPACE, 'create', 'serviceaccount', 'default')
  const tables: Map<string, string>[] = []
  for (const size of sizes.toSorted((a, b) => a - b)) tables.push(await measure(size))
  const rows = [...(tables[0]?.keys() ?? [])].map((what) => [what, ...tables.map((table) => table.get(what) ?? '')])
  const header = ['pods', ...tables.map((table) => table.get('pods') ?? '')]
  const lines = [header, header.map(() => '---'), ...rows.filter(([what]) => what !== 'pods')]
  process.stdout.write(`${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`)
} finally {
  await engine.close()
  client.close()
  await cluster.stop()
}

/** Makes more pods until there are this many. Returns a column of the table: texts by the name of the row. */
async function measure(size: number): Promise<Map<string, string>> {
  const load = loadavg()[0] ?? Number.NaN
  const samples = new Samples()
  const podsPerSecond = await makePods(size - REPEATS)
  for (let turn = 0; turn < REPEATS; turn += 1) await makePod(size - REPEATS + turn, samples)
  const { grownBy, apiServerMs } = await measureLists(size, samples)
  for (let turn = 1; turn <= REPEATS; turn += 1)
    await samples.time('lend', () => engine.lend([ids.at(-turn) ?? ''], `r-${size}`))
  await measureWatch(engine, samples)
  const pods = await client.list<object>(PODS, { labelSelector: containersOf(NAMESPACE) }, call('list'))
  const bytes = pods.reduce((sum, pod) => sum + JSON.stringify(pod).length, 0)
  const figures = samples.figures()
  const times = (what: string) => {
    const { p50 = Number.NaN, max = Number.NaN, cpuP50 = Number.NaN } = figures[what] ?? {}
    return `${inMs(p50)} / ${inMs(max)} (${inMs(cpuP50)})`
  }
  const megabytes = (some: number) => `${Math.round(some / BYTES_PER_MB).toLocaleString('en')} MB`
  return new Map([
    ['pods', size.toLocaleString('en')],
    ['`create`', times('create')],
    ['`list`', times('list')],
    ['processor time of the API server per `list`', `${Math.round(apiServerMs)} ms`],
    ['JSON per `list`', megabytes(bytes)],
    ['`lend`', times('lend')],
    ['from a change to the hint of `watch`', times('watch')],
    ['growth of this process during the lists', megabytes(grownBy)],
    ['memory of this process', megabytes(process.memoryUsage().rss)],
    ['memory of the API server', megabytes(residentBytesOf(apiServer))],
    ['memory of etcd, with the data', megabytes(residentBytesOf(etcd))],
    ['pods made per second', Math.round(podsPerSecond).toString()],
    ['load average before', load.toFixed(1)],
  ])
}

/** Formats milliseconds, with tenths below 100. */
function inMs(ms: number): string {
  const digits = ms < 100 ? 1 : 0
  return ms.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

/** Makes pods until there are this many. Returns how many it made per second. */
async function makePods(size: number): Promise<number> {
  const began = performance.now()
  const limit = createLimit(AT_ONCE)
  const first = ids.length
  const numbers = Array.from({ length: size - first }, (_, nth) => first + nth)
  await Promise.all(numbers.map((number) => limit(() => makePod(number))))
  const seconds = (performance.now() - began) / 1_000
  process.stderr.write(`${size} pods after ${Math.round(seconds)} s\n`)
  return numbers.length / seconds
}

/** Returns the growth of this process in bytes, and the processor time of the API server per list in milliseconds. */
async function measureLists(size: number, samples: Samples): Promise<{ grownBy: number; apiServerMs: number }> {
  const rssBefore = process.memoryUsage().rss
  const msBefore = processorTimeOf(apiServer)
  for (let turn = 0; turn < REPEATS; turn += 1) {
    const { observed } = await samples.time('list', () => engine.list())
    const running = observed.filter(({ state }) => state === 'running').length
    if (running !== size) throw new Error(`${running} of ${size} are listed as running`)
  }
  const apiServerMs = (processorTimeOf(apiServer) - msBefore) / REPEATS
  return { grownBy: process.memoryUsage().rss - rssBefore, apiServerMs }
}

/** Makes a pod, and writes that it runs, as a kubelet would. */
async function makePod(number: number, samples = new Samples()): Promise<void> {
  const spec = { ...SPEC, instance: NAMESPACE, pool: NAMESPACE, name: `many-${number + 1}` }
  const id = await samples.time('create', () => engine.create(spec))
  ids[number] = id
  const name = parseId(id)?.name ?? ''
  const path = `${PODS}/${name}`
  const node = `node-${Math.floor(number / PODS_PER_NODE)}`
  if (number % PODS_PER_NODE === 0) await makeNode(node)
  await client.create(`${path}/binding`, { metadata: { name }, target: { kind: 'Node', name: node } }, call(name))
  await client.patch(path, 'merge', { metadata: { annotations: { [AGENT_ANNOTATION]: 'none' } } }, call(name))
  const state = { running: { startedAt: new Date().toISOString() } }
  const containerStatuses = [{ name: 'box', ready: true, restartCount: 0, image: SPEC.image, imageID: '', state }]
  const podIP = `10.78.${Math.floor(number / 250)}.${(number % 250) + 1}`
  const conditions = ['Initialized', 'Ready', 'ContainersReady'].map((type) => ({ type, status: 'True' }))
  const status = { phase: 'Running', podIP, podIPs: [{ ip: podIP }], containerStatuses, conditions }
  await client.patch(`${path}/status`, 'merge', { status }, call(name))
}

async function makeNode(name: string): Promise<void> {
  await client.create('/api/v1/nodes', { metadata: { name } }, call(name))
  const conditions = [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: '' }]
  await client.patch(`/api/v1/nodes/${name}/status`, 'merge', { status: { conditions } }, call(name))
}

/** Measures the time from the request that changes a pod to the hint of `watch`. */
async function measureWatch(watching: Engine, samples: Samples): Promise<void> {
  let changes = 0
  let onChange: () => void = () => undefined
  const close = watching.watch(() => {
    changes += 1
    onChange()
  })
  await eventually(async () => changes > 0)
  for (let turn = 0; turn < REPEATS; turn += 1) {
    const name = parseId(ids[turn] ?? '')?.name ?? ''
    const hint = Promise.withResolvers<void>()
    onChange = hint.resolve
    const patch = { metadata: { annotations: { changed: String(performance.now()) } } }
    await samples.time('watch', async () => {
      await Promise.all([client.patch(`${PODS}/${name}`, 'merge', patch, call(name)), hint.promise])
    })
  }
  close()
}

/** Options of a request. The deadline is generous, because the machine may have other work. */
function call(what: string): { what: string; deadlineMs: number } {
  return { what, deadlineMs: 60_000 }
}
