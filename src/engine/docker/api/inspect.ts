import type { ContainerInspectInfo } from './types.ts'
import type { Docker } from './client.ts'
import { ignoreStatus, unexpectedResponse } from './errors.ts'

/**
 * Returns the container with exactly this id or name, or null. Docker itself would also take the beginning of an id.
 */
export async function inspectContainer(
  docker: Docker,
  idOrName: string,
  signal: AbortSignal,
): Promise<ContainerInspectInfo | null> {
  const path = `/containers/${encodeURIComponent(idOrName)}/json`
  const info = await docker.get<ContainerInspectInfo>(path, { signal }).catch(ignoreStatus(404))
  if (info && typeof info.Id !== 'string') throw unexpectedResponse()
  return info && (info.Id === idOrName || info.Name === `/${idOrName}`) ? info : null
}
