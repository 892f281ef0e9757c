/** Two managers and two gateways as processes outside of a cluster, with a PostgreSQL server. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { type GatewayProcess, listening, startGateway } from '../../gateway.ts'
import { newInstance } from '../../instance.ts'
import { newKeyPair } from '../../key-pair.ts'
import { TestManager } from '../../manager.ts'
import { reservePorts } from '../../ports.ts'
import { startPostgres } from '../../postgres/server.ts'
import type { Cluster } from '../cluster.ts'

/** Addresses of the gateways. */
const HOSTS = ['127.0.0.2', '127.0.0.3'] as const
/** Maximum time in which the pool is filled. */
const FILL_TIMEOUT_MS = 300_000
export const IMAGE = 'berth/box:latest'

export interface Installation {
  /** Number of containers of its pool. */
  readonly size: number
  readonly managers: readonly [TestManager, TestManager]
  readonly gateways: readonly [GatewayProcess, GatewayProcess]
  readonly keys: { readonly privateKey: string; readonly publicKey: string }
  stop(): Promise<void>
}

/** Starts an installation with one pool. Resolves when all containers of the pool are ready. */
export async function startInstallation(cluster: Cluster, size: number): Promise<Installation> {
  const { instance, pool } = newInstance(`figures-${size}`)
  await cluster.kubectl('create', 'namespace', instance)
  const server = await startPostgres()
  const folder = mkdtempSync(join(tmpdir(), 'berth-figures-'))
  const [one = 0, two = 0, ...sshPorts] = await reservePorts(2 + size)
  const listen = [`127.0.0.1:${one}`, `127.0.0.1:${two}`] as const
  const settings = {
    listen: listen[0],
    instance,
    auth: 'none',
    database: await server.createDatabase('berth'),
    engine: 'kubernetes',
    kubernetes: { namespace: instance, gateways: [`${cluster.machine}/32`] },
    ssh: { host: HOSTS[0], gateway: { listen: HOSTS[0], alone: true } },
    pools: { [pool]: { size, image: IMAGE, memory: '64m', cpus: 0.1, ssh_ports: sshPorts.join(',') } },
  }
  writeFileSync(join(folder, 'berth.yml'), stringify(settings))
  const [first, second] = listen.map((address) => {
    const env = { KUBECONFIG: cluster.kubeconfig, BERTH_LISTEN: address }
    return new TestManager(instance, pool, folder, `http://${address}`, env)
  }) as [TestManager, TestManager]
  const gateways: GatewayProcess[] = []
  const stop = async () => {
    for (const { child } of gateways) child.kill('SIGKILL')
    for (const manager of [first, second]) await manager.kill()
    await server.stop()
    rmSync(folder, { recursive: true })
    await cluster.kubectl('delete', 'namespace', instance, '--wait=false')
  }
  try {
    await first.start({}, join(folder, 'first.log'))
    await second.start({}, join(folder, 'second.log'))
    for (const host of HOSTS) gateways.push(startGateway(first.environment, host))
    for (const gateway of gateways) await listening(gateway)
    const isFull = (all: readonly { state: string }[]) =>
      all.length === size && all.every(({ state }) => state === 'ready')
    await first.until('all ready', isFull, FILL_TIMEOUT_MS)
  } catch (error) {
    await stop()
    throw error
  }
  const [gateway, other] = gateways as [GatewayProcess, GatewayProcess]
  return { size, managers: [first, second], gateways: [gateway, other], keys: newKeyPair(), stop }
}
