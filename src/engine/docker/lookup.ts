import type { ContainerInspectInfo } from './answers.ts'
import type { Docker } from './connection.ts'
import { accept, senseless } from './errors.ts'

/** The container with exactly this id or name, or null. Docker itself would take the beginning of an id as well. */
export async function lookUp(
  docker: Docker,
  idOrName: string,
  signal: AbortSignal,
): Promise<ContainerInspectInfo | null> {
  const path = `/containers/${encodeURIComponent(idOrName)}/json`
  const info = await docker.get<ContainerInspectInfo>(path, { signal }).catch(accept(404))
  if (info && typeof info.Id !== 'string') throw senseless()
  return info && (info.Id === idOrName || info.Name === `/${idOrName}`) ? info : null
}
