/** Opens the engine that berth.yml names; no other file imports an engine. */
import type { Config } from '../config/config.ts'
import { engineVariables } from '../config/engine/engine-address.ts'
import type { DatabaseMark } from '../domain/database-mark.ts'
import { BerthError } from '../domain/errors.ts'
import { BOX_IMAGE } from '../domain/pool.ts'
import type { Pools } from '../domain/pools.ts'
import { type Clock, systemClock } from '../ports/clock.ts'
import type { Engine } from '../ports/engine.ts'
import { dockerProvisioning } from './docker/ansible/provisioning.ts'
import { openDocker } from './docker/engine.ts'
import { inCluster } from './kubernetes/api/access/in-cluster.ts'
import { readKubeconfig } from './kubernetes/api/access/kubeconfig.ts'
import { openKubernetes } from './kubernetes/engine.ts'
import { openMemory } from './memory/engine.ts'
import { MemoryHost } from './memory/host.ts'

type EngineSettings = Pick<Config, 'engine' | 'instance' | 'peerNetworks' | 'environment'>
type ProvisioningSettings = Pick<Config, 'engine' | 'instance' | 'pools' | 'images'>

/**
 * Opens the engine. It makes what each reach of `pools` needs, also those that a reload adds. `invalid_config` if a
 * kubeconfig cannot be used.
 */
export async function openEngine(
  settings: EngineSettings,
  pools: Pools,
  database: DatabaseMark,
  clock: Clock,
): Promise<Engine> {
  const { engine, instance, peerNetworks, environment } = settings
  const site = { instance: instance.name, database, reaches: () => [...pools.reaches()] }
  if (engine.kind === 'memory') return openMemory({ ...site, host: new MemoryHost({ now: clock }) })
  if (engine.kind === 'kubernetes') {
    const { kubeconfig, namespace, nameservers, gateways: gatewayAddresses, context } = engine
    const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = environment
    const access = { context, environment, clock: systemClock }
    const cluster = kubeconfig === null ? await inCluster({ host, port }) : await readKubeconfig(kubeconfig, access)
    // Nodes can have the image of a pool.
    const canaryImage = pools.all()[0]?.image ?? BOX_IMAGE
    return openKubernetes({ ...site, cluster, namespace, nameservers, gatewayAddresses, canaryImage, clock })
  }
  const { host: dockerHost, certificates } = engine
  return openDocker({ ...site, peerNetworks, dockerHost, certificates })
}

/**
 * Returns what `just provision` makes, as parameters of Ansible's modules. `invalid_config` for an engine whose
 * containers only their manager can make.
 */
export async function provisioningOf(
  { engine, instance, pools, images }: ProvisioningSettings,
  mark: DatabaseMark,
): Promise<object> {
  if (engine.kind !== 'docker') {
    const why = `engine: ${engine.kind} has nothing to provision: the manager makes what it needs`
    const removal =
      engine.kind === 'kubernetes' ? `. Remove all of it with \`kubectl delete namespace ${engine.namespace}\`` : ''
    throw new BerthError('invalid_config', `${why}. Start it with \`just run\`${removal}`)
  }
  const variables = engineVariables(engine)
  return dockerProvisioning({ instance, pools, images, engine, variables }, mark)
}
