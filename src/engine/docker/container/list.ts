import type { Docker } from '../api/client.ts'
import { unexpectedResponse } from '../api/errors.ts'
import type { ContainerInfo } from '../api/types.ts'

/** Lists all containers in any state; with `label` ("name=value"), those that have it. */
export async function listContainers(
  docker: Docker,
  label: string | null,
  signal: AbortSignal,
): Promise<readonly ContainerInfo[]> {
  const query = { all: true, ...(label !== null && { filters: { label: [label] } }) }
  const infos = await docker.get<readonly ContainerInfo[]>('/containers/json', { query, signal })
  if (!Array.isArray(infos)) throw unexpectedResponse()
  return infos
}
