/** Engines on a cluster, and a container for them. */
import type { PublishedSpec } from '../../src/domain/container.ts'
import { readKubeconfig } from '../../src/engine/kubernetes/api/access/kubeconfig.ts'
import { type KubernetesOptions, openKubernetes } from '../../src/engine/kubernetes/engine.ts'
import type { Engine } from '../../src/ports/engine.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { mark } from '../database-mark.ts'

/** A container of instance and pool "bed". */
export const SPEC: PublishedSpec = {
  instance: 'bed',
  pool: 'bed',
  name: 'bed-1',
  generation: 1,
  image: 'berth/box',
  bind: '127.0.0.1',
  port: 2_201,
  memory: 128 * 1024 * 1024,
  shm: 2 ** 26,
  cpus: 0.1,
  pids: 64,
  sudo: true,
  reach: 'internet',
  disk: null,
  runtime: null,
}

/** Opens the engine of an instance in a namespace of the same name, unless `some` names another one. */
export async function openEngine(
  kubeconfig: string,
  instance: string,
  some: Partial<KubernetesOptions> = {},
): Promise<Engine> {
  return openKubernetes({
    instance,
    reaches: () => ['internet'],
    database: mark(),
    cluster: await readKubeconfig(kubeconfig, { context: null, environment: {}, clock: systemClock }),
    namespace: instance,
    nameservers: [],
    gatewayAddresses: [],
    clock: systemClock,
    ...some,
  })
}
