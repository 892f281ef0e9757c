/**
 * A real Kubernetes 1.20 on this machine: etcd, API server, controller manager, scheduler and nodes, in namespaces. It
 * ends with this process, however that happens.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'
import { Certificates } from './certificates.ts'
import { removeCgroups } from './cgroups.ts'
import { ApiServer, ETCD, type Place, startControllers, startEtcd } from './control-plane.ts'
import { enforce } from './enforcer.ts'
import { removeLeftovers, writeOwner } from './leftovers.ts'
import { Namespaces } from './namespaces.ts'
import { Network } from './network.ts'
import { Node } from './node.ts'
import type { RuntimeName } from './runtimes/runtime.ts'

const exec = promisify(execFile)
const READY_TIMEOUT_MS = 120_000
/** Of kubectl: the metrics of an API server take more than a megabyte. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024

export interface Cluster {
  /** Contains all files of the cluster, including the logs. */
  readonly folder: string
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string
  readonly certificates: Certificates
  /** Address of this machine in the network of the cluster. */
  readonly machine: string
  readonly apiServer: ApiServer
  readonly nodes: readonly Node[]
  /** Copies an image from this machine's Docker to all nodes. */
  load(image: string): Promise<void>
  /** Runs kubectl as the administrator, and returns its output. */
  kubectl(...args: string[]): Promise<string>
  /** Enforces NetworkPolicies until the returned function is called. */
  enforce(): Promise<() => Promise<void>>
  /** Runs a program beside the API server. */
  run(...command: string[]): Promise<string>
  /** Runs etcdctl, and returns its output. */
  etcdctl(...args: string[]): Promise<string>
  stop(): Promise<void>
}

/** Builds the programs, if this machine has none. Returns their folder. */
export async function buildPrograms(): Promise<string> {
  const building = exec(fileURLToPath(new URL('build', import.meta.url)))
  building.child.stderr?.pipe(process.stderr)
  const { stdout } = await building
  return stdout.trim()
}

interface ClusterOptions {
  /** Names of the nodes. By default there are two nodes. */
  readonly names?: readonly string[]
  /** By default Docker. */
  readonly runtime?: RuntimeName
}

/** Resolves when all nodes are ready. */
export async function startCluster({
  names = ['node-a', 'node-b'],
  runtime = 'docker',
}: ClusterOptions = {}): Promise<Cluster> {
  if (process.getuid?.() !== 0) throw new Error('a Kubernetes cluster takes root to start')
  await removeLeftovers()
  const programs = await buildPrograms()
  const folder = mkdtempSync(join(tmpdir(), 'berth-kubernetes-'))
  mkdirSync(join(folder, 'logs'))
  const namespaces = await Namespaces.open([])
  const network = await Network.create(namespaces)
  writeOwner(folder, network.number)
  const stop = async () => {
    await namespaces.kill()
    await removeCgroups(network.number)
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    const certificates = await Certificates.create(join(folder, 'certificates'))
    const place: Place = { namespaces, certificates, programs, folder, address: network.controlPlane }
    const apiServer = new ApiServer(place)
    const nodes = names.map(
      (name, index) => new Node(name, { cluster: namespaces, network, certificates, programs, folder, index, runtime }),
    )
    const kubeconfig = await issueAll(certificates, apiServer.url, network, nodes)
    await startEtcd(place)
    await Promise.all([apiServer.start().then(() => startControllers(place)), ...nodes.map((node) => node.start())])
    const kubectl = async (...args: string[]) => {
      const { stdout } = await exec(join(programs, 'kubectl'), ['--kubeconfig', kubeconfig, ...args], {
        maxBuffer: MAX_OUTPUT_BYTES,
      })
      return stdout
    }
    await waitForNodes(kubectl, names)
    const load = async (image: string) => void (await Promise.all(nodes.map((node) => node.load(image))))
    const { machine } = network
    const run = (...command: string[]) => namespaces.run(...command)
    const etcdctl = (...args: string[]) => run(join(programs, 'etcdctl'), '--endpoints', ETCD, ...args)
    const verbs = { load, kubectl, run, etcdctl, enforce: () => enforce(nodes, kubeconfig), stop }
    return { folder, kubeconfig, certificates, machine, apiServer, nodes, ...verbs }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Makes the certificates of all parts. Returns the path of the administrator's kubeconfig. */
async function issueAll(
  certificates: Certificates,
  server: string,
  network: Network,
  nodes: readonly Node[],
): Promise<string> {
  const admins = 'system:masters'
  const serverNames = ['DNS:localhost', 'DNS:kubernetes.default.svc', 'IP:127.0.0.1', `IP:${network.controlPlane}`]
  await Promise.all([
    certificates.issue('apiserver', { commonName: 'kube-apiserver', names: serverNames }),
    certificates.issue('kubelet-client', { commonName: 'apiserver-kubelet-client', group: admins }),
    certificates.issue('admin', { commonName: 'admin', group: admins }),
    certificates.issue('controller-manager', { commonName: 'system:kube-controller-manager' }),
    certificates.issue('scheduler', { commonName: 'system:kube-scheduler' }),
    ...nodes.map(({ name, address }) =>
      certificates.issue(name, {
        commonName: `system:node:${name}`,
        group: 'system:nodes',
        names: [`DNS:${name}`, `IP:${address}`],
      }),
    ),
  ])
  for (const name of ['controller-manager', 'scheduler', ...nodes.map((node) => node.name)])
    certificates.writeKubeconfig(name, server)
  return certificates.writeKubeconfig('admin', server)
}

async function waitForNodes(kubectl: Cluster['kubectl'], names: readonly string[]): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS
  const ready = '{range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}'
  for (;;) {
    const states = (await kubectl('get', 'nodes', '-o', `jsonpath=${ready}`)).split('\n').filter(Boolean)
    const accounts = await kubectl('get', 'serviceaccounts', '-o', 'name')
    if (states.filter((state) => state === 'True').length === names.length && accounts !== '') return
    if (performance.now() > deadline) throw new Error(`nodes are not ready: ${states.join(', ')}`)
    await sleep(200)
  }
}
