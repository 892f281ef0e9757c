import type { Docker } from '../api/client.ts'
import { ignoreStatus, isMissingNetwork, isPaused, isPortClash } from '../api/errors.ts'
import { assertFullId } from '../api/ids.ts'
import { inspectContainer } from '../api/inspect.ts'
import { peerNetworksIn } from '../peers/spec.ts'
import { portConflict } from './port-conflict.ts'

interface InstanceNetworks {
  readonly instance: string
  /** Creates networks of the instance that were removed. */
  readonly ensureNetworks: () => Promise<void>
}

/** Starts a container, also one that is paused, or whose network was removed. */
export async function startContainer(
  docker: Docker,
  id: string,
  { instance, ensureNetworks }: InstanceNetworks,
  signal: AbortSignal,
): Promise<void> {
  const path = `/containers/${assertFullId(id)}`
  const start = () => docker.post(`${path}/start`, { signal }).catch(ignoreStatus(304))
  await start().catch(async (error: unknown) => {
    if (isPaused(error)) return docker.post(`${path}/unpause`, { signal })
    if (isPortClash(error)) throw (await portConflict(docker, id, signal)) ?? error
    if (!isMissingNetwork(error)) throw error
    await ensureNetworks()
    await leavePeers(docker, id, instance, signal)
    await start()
  })
}

/** Disconnects a stopped container from the network of its reservation, which may be gone. */
async function leavePeers(docker: Docker, id: string, instance: string, signal: AbortSignal): Promise<void> {
  const networks = (await inspectContainer(docker, id, signal))?.NetworkSettings.Networks ?? {}
  for (const name of peerNetworksIn(networks, instance)) {
    const body = { Container: id, Force: true }
    await docker.post(`/networks/${name}/disconnect`, { body, signal }).catch(ignoreStatus(404))
  }
}
