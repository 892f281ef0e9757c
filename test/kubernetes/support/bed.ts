/** The cluster that the tests of a file share. Its nodes run Docker, or the runtime in RUNTIME. */
import { createHash } from 'node:crypto'
import { after } from 'node:test'
import { type Cluster, startCluster } from '../../../lab/kubernetes/cluster.ts'
import { type RuntimeName, RUNTIMES } from '../../../lab/kubernetes/runtimes/runtime.ts'
import { readKubeconfig } from '../../../src/engine/kubernetes/api/access/kubeconfig.ts'
import { KubernetesClient } from '../../../src/engine/kubernetes/api/client.ts'
import type { Target } from '../../../src/engine/kubernetes/api/stream/channels.ts'
import { eventually } from '../../../lab/eventually.ts'

/** Built by set-up. */
const IMAGE = 'berth/box:latest'

let starting: Promise<Cluster> | null = null
let stopEnforcing: (() => Promise<void>) | null = null

/** Call it at the top of a test file. */
export function sharedCluster(): Promise<Cluster> {
  starting ??= start()
  return starting
}

/** Returns the runtime in RUNTIME; Docker by default. */
export function chosenRuntime(): RuntimeName {
  const wanted = process.env['RUNTIME'] ?? 'docker'
  const runtime = RUNTIMES.find((name) => name === wanted)
  if (!runtime) throw new Error(`RUNTIME must be ${RUNTIMES.join(' or ')}, got ${wanted}`)
  return runtime
}

async function start(): Promise<Cluster> {
  const cluster = await startCluster({ runtime: chosenRuntime() })
  after(async () => {
    await stopEnforcing?.()
    await cluster.stop()
  })
  stopEnforcing = await cluster.enforce()
  await cluster.load(IMAGE)
  return cluster
}

/** Policies are enforced, except between `false` and `true`. */
export async function setEnforced(isEnforced: boolean): Promise<void> {
  const cluster = await sharedCluster()
  if (isEnforced) stopEnforcing ??= await cluster.enforce()
  else await stopEnforcing?.()
  if (!isEnforced) stopEnforcing = null
}

export async function connectTo(kubeconfig: string): Promise<KubernetesClient> {
  const options = { context: null, environment: {}, clock: () => Date.now() }
  return new KubernetesClient(await readKubeconfig(kubeconfig, options))
}

/** Generous, because other tests run on the machine. */
export function call(what: string): { what: string; deadlineMs: number } {
  return { what, deadlineMs: 30_000 }
}

export const PODS = '/api/v1/namespaces/default/pods'
export const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'

/** Returns a name that no other object has. */
export function uniqueName(text: string): string {
  return `${text}-${createHash('sha256').update(`${process.pid}-${performance.now()}`).digest('hex').slice(0, 8)}`
}

interface PodStatus {
  readonly spec: { readonly nodeName?: string }
  readonly status: { readonly phase: string; readonly podIP?: string }
}

/** Makes a pod with one container that runs a shell script, and resolves with where it runs when it does. */
export async function runPod(
  client: KubernetesClient,
  script: string,
  { node, ...container }: { readonly node?: string; readonly stdin?: boolean; readonly image?: string } = {},
): Promise<Target & { readonly address: string; readonly node: string }> {
  const name = uniqueName('pod')
  const spec = {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: 1,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    nodeName: node,
    containers: [{ name: 'box', image: IMAGE, imagePullPolicy: 'Never', command: ['sh', '-c', script], ...container }],
  }
  await client.create(PODS, { metadata: { name }, spec }, call(`create ${name}`))
  let pod: PodStatus | null = null
  await eventually(async () => {
    pod = await client.get<PodStatus>(`${PODS}/${name}`, call(`get ${name}`))
    return pod?.status.phase === 'Running'
  })
  const { status, spec: placed } = pod as unknown as PodStatus
  return { namespace: 'default', pod: name, container: 'box', address: status.podIP ?? '', node: placed.nodeName ?? '' }
}
