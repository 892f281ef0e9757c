import type Docker from 'dockerode'
import { accept, senseless } from './errors.ts'

/** The container with exactly this id or name, or null. Docker itself would take the beginning of an id as well. */
export async function lookUp(
  docker: Docker,
  idOrName: string,
  signal: AbortSignal,
): Promise<Docker.ContainerInspectInfo | null> {
  const info = await docker.getContainer(idOrName).inspect({ abortSignal: signal }).catch(accept(404))
  if (info && typeof info.Id !== 'string') throw senseless()
  return info && (info.Id === idOrName || info.Name === `/${idOrName}`) ? info : null
}
