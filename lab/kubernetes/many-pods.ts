/**
 * Measures what the engine does in a cluster with many pods: `node lab/kubernetes/many-pods.ts 1000 10000`. API server
 * and etcd are real, and there are no nodes: this program writes the statuses that kubelets would write.
 */
import { openKubernetes } from '../../src/engine/kubernetes/engine.ts'
import { readKubeconfig } from '../../src/engine/kubernetes/api/access/kubeconfig.ts'
import { KubernetesClient } from '../../src/engine/kubernetes/api/client.ts'
import { AGENT_ANNOTATION } from '../../src/engine/kubernetes/pods/marks.ts'
import { parseId } from '../../src/engine/kubernetes/pods/id.ts'
import type { PublishedSpec } from '../../src/domain/container.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { mark } from '../database-mark.ts'
import { startCluster } from './cluster.ts'
import { SPEC } from './spec.ts'

const NAMESPACE = 'many'
/** A cluster supports 110 pods a node. */
const PODS_PER_NODE = 100
const AT_ONCE = 16
const REPEATS = 20

const sizes = process.argv.slice(2).map(Number)
if (sizes.length === 0 || sizes.some((size) => !(size > 0))) throw new Error('usage: many-pods.ts SIZE...')

const cluster = await startCluster({ names: [] })
try {
  await cluster.kubectl('create', 'namespace', NAMESPACE)
  const access = await readKubeconfig(cluster.kubeconfig, { context: null, environment: {}, clock: systemClock })
  const client = new KubernetesClient(access)
  const engine = openKubernetes({
    instance: 'many',
    reaches: () => ['internet'],
    database: mark(),
    cluster: access,
    namespace: NAMESPACE,
    nameservers: [],
    gatewayAddresses: [],
    clock: systemClock,
  })
  const ids: string[] = []
  process.stdout.write('| pods | create, one after another | list | lend | memory |\n|---|---|---|---|---|\n')
  for (const size of sizes.toSorted((a, b) => a - b)) {
    await inTurns(ids.length, size, async (number) => {
      ids[number] = await makePod(client, engine.create, number)
    })
    const created = await repeated(async (turn) => void (await makePod(client, engine.create, 1_000_000 + size + turn)))
    const listed = await repeated(async () => {
      const { observed } = await engine.list()
      if (observed.filter(({ state }) => state === 'running').length < size) throw new Error('not all are running')
    })
    const lent = await repeated(async (turn) => void (await engine.lend([ids[turn] ?? ''], `r-${size}`)))
    const memory = `${Math.round(process.memoryUsage().rss / 1e6)} MB`
    process.stdout.write(`| ${size} | ${created} | ${listed} | ${lent} | ${memory} |\n`)
  }
  await engine.close()
  client.close()
} finally {
  await cluster.stop()
}

/** Makes a pod that runs, as far as anybody can see. Returns its id. */
async function makePod(
  client: KubernetesClient,
  create: (spec: PublishedSpec) => Promise<string>,
  number: number,
): Promise<string> {
  const id = await create({ ...SPEC, instance: NAMESPACE, pool: NAMESPACE, name: `many-${number}` })
  const name = parseId(id)?.name ?? ''
  const path = `/api/v1/namespaces/${NAMESPACE}/pods/${name}`
  const node = `node-${Math.floor(number / PODS_PER_NODE)}`
  if (number % PODS_PER_NODE === 0) await makeNode(client, node)
  const call = { what: name, deadlineMs: 60_000 }
  await client.create(`${path}/binding`, { metadata: { name }, target: { kind: 'Node', name: node } }, call)
  await client.patch(path, 'merge', { metadata: { annotations: { [AGENT_ANNOTATION]: 'none' } } }, call)
  const containerStatuses = [
    { name: 'box', ready: true, restartCount: 0, image: SPEC.image, imageID: '', state: { running: {} } },
  ]
  const podIP = `10.78.${Math.floor(number / 250) % 250}.${(number % 250) + 1}`
  const status = { phase: 'Running', podIP, podIPs: [{ ip: podIP }], containerStatuses }
  await client.patch(`${path}/status`, 'merge', { status }, call)
  return id
}

async function makeNode(client: KubernetesClient, name: string): Promise<void> {
  const call = { what: name, deadlineMs: 60_000 }
  await client.create('/api/v1/nodes', { metadata: { name } }, call).catch(() => undefined)
  const conditions = [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: '' }]
  await client.patch(`/api/v1/nodes/${name}/status`, 'merge', { status: { conditions } }, call)
}

async function inTurns(from: number, to: number, work: (number: number) => Promise<void>): Promise<void> {
  let next = from
  const worker = async () => {
    while (next < to) {
      const number = next
      next += 1
      await work(number)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

/** Returns the median and the slowest in milliseconds, as text. */
async function repeated(work: (turn: number) => Promise<void>): Promise<string> {
  const times: number[] = []
  for (let turn = 0; turn < REPEATS; turn += 1) {
    const began = performance.now()
    await work(turn)
    times.push(performance.now() - began)
  }
  const sorted = times.toSorted((a, b) => a - b)
  return `${Math.round(sorted[REPEATS / 2] ?? 0)} / ${Math.round(sorted.at(-1) ?? 0)} ms`
}
