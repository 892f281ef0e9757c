import type { Docker } from '../api/client.ts'
import { ignoreStatus, isMissingNetwork, isPaused } from '../api/errors.ts'
import { assertFullId } from '../api/ids.ts'

/** Starts a container, even when it was paused. `ensureNetworks` creates networks that were removed. */
export async function startContainer(
  docker: Docker,
  id: string,
  ensureNetworks: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const path = `/containers/${assertFullId(id)}`
  const start = () => docker.post(`${path}/start`, { signal }).catch(ignoreStatus(304))
  await start().catch(async (error: unknown) => {
    if (isPaused(error)) return docker.post(`${path}/unpause`, { signal })
    if (!isMissingNetwork(error)) throw error
    await ensureNetworks()
    await start()
  })
}
