/** Managers of pods, and what a tenant sees of them. */
import { after } from 'node:test'
import type { Cluster } from '../../../lab/kubernetes/cluster.ts'
import { eventually } from '../../../lab/eventually.ts'
import { type ManagerOptions, type TestManager, testManagers } from '../../../lab/manager.ts'
import { startPostgres } from '../../../lab/postgres/server.ts'
import { type Berth, testBerth } from '../../support/manager/berth.ts'

/** Time to fill a pool, on a busy machine. */
const READY_TIMEOUT_MS = 120_000

interface ManagersOptions extends ManagerOptions {
  readonly count: number
  /** Blocks of addresses from which policies let managers connect to pods. By default that of this machine. */
  readonly gatewayAddresses?: readonly string[]
}

/** Makes managers outside of the cluster, with a PostgreSQL server and a namespace of their own. */
export async function managersOn(
  cluster: Cluster,
  name: string,
  { count, gatewayAddresses = [`${cluster.machine}/32`], ...options }: ManagersOptions,
): Promise<{ readonly managers: readonly TestManager[]; readonly namespace: string }> {
  const server = await startPostgres({ fsync: 'off' })
  after(() => server.stop())
  const namespace = `${name}-containers`
  await cluster.kubectl('create', 'namespace', namespace)
  const managers = await testManagers(name, count, {
    ...options,
    pool: { image: 'berth/box:latest', memory: '64m', cpus: 0.1, ...options.pool },
    top: {
      database: await server.createDatabase('berth'),
      engine: 'kubernetes',
      kubernetes: { namespace, gateways: gatewayAddresses },
      ssh: { tunnel: true },
      ...options.top,
    },
    env: { KUBECONFIG: cluster.kubeconfig, ...options.env },
  })
  return { managers, namespace }
}

/** Waits until all containers are ready: `size` of them, or however many there are. */
export function untilAllReady(manager: TestManager, size?: number): Promise<void> {
  const isFull = (count: number) => size === undefined || count === size
  return manager.until(
    'all ready',
    (all) => isFull(all.length) && all.every(({ state }) => state === 'ready'),
    READY_TIMEOUT_MS,
  )
}

interface PodPlace {
  readonly name: string
  /** Empty until the pod is scheduled. */
  readonly node: string
  /** Empty until the pod runs. */
  readonly address: string
}

/** Returns the pods of a namespace, including those that are being deleted. */
export async function podsOf({ kubectl }: Pick<Cluster, 'kubectl'>, namespace: string): Promise<PodPlace[]> {
  const format = '{range .items[*]}{.metadata.name} {.spec.nodeName} {.status.podIP}{"\\n"}{end}'
  const lines = (await kubectl('-n', namespace, 'get', 'pods', '-o', `jsonpath=${format}`)).split('\n')
  return lines.filter(Boolean).map((line) => {
    const [name = '', node = '', address = ''] = line.split(' ')
    return { name, node, address }
  })
}

/** A tenant's session that says each tenth of a second that it lives. */
export interface Session {
  /** When it last said so, on the clock of `performance.now()`. */
  readonly heardAt: () => number
  /** Resolves when it has ended. */
  readonly ended: Promise<unknown>
}

/** Opens a session, and resolves when it has said something. */
export async function openSession(berth: Berth, container: string): Promise<Session> {
  const { child, ended } = berth.start('ssh', container, '--', 'while sleep 0.1; do echo alive; done')
  let heardAt = 0
  child.stdout?.on('data', () => (heardAt = performance.now()))
  await eventually(async () => heardAt > 0)
  return { heardAt: () => heardAt, ended }
}

/** Returns the command of a tenant of this manager. */
export function tenantOf({ url }: TestManager): Berth {
  return testBerth({ BERTH_URL: url })
}
