/** Finds the container that has the port of a container that cannot start. */
import { BerthError } from '../../../domain/errors.ts'
import { readOwner } from '../../labels.ts'
import type { Docker } from '../api/client.ts'
import { inspectContainer } from '../api/inspect.ts'
import type { ContainerInfo } from '../api/types.ts'
import { listContainers } from './list.ts'
import { describeContainer } from './name.ts'

const ANY_ADDRESS = ['0.0.0.0', '::']

/** Returns `engine_conflict` with the holder of the port; null if Docker lists no container with it. */
export async function portConflict(docker: Docker, id: string, signal: AbortSignal): Promise<BerthError | null> {
  const info = await inspectContainer(docker, id, signal)
  const [wanted] = Object.values(info?.HostConfig.PortBindings ?? {}).flat()
  if (!info || !wanted) return null
  const others = (await listContainers(docker, null, signal)).filter((other) => other.Id !== id)
  const holder = others.find((other) => hasPort(other, wanted))
  if (!holder) return null
  const { Id, Names, Labels } = holder
  const whose = describeContainer({ id: Id, name: Names[0]?.slice(1) ?? '', labels: Labels })
  const name = readOwner(info.Config.Labels ?? {})?.name ?? info.Name.slice(1)
  const advice = 'name other ssh_ports in berth.yml, or free the port there'
  return new BerthError(
    'engine_conflict',
    `start ${name}: port ${wanted.HostPort} of ${wanted.HostIp} is taken by ${whose}; ${advice}`,
  )
}

function hasPort({ Ports }: ContainerInfo, { HostIp, HostPort }: { HostIp: string; HostPort: string }): boolean {
  const overlaps = (address = '') => address === HostIp || [address, HostIp].some((each) => ANY_ADDRESS.includes(each))
  return Ports.some(({ IP, PublicPort }) => PublicPort === Number(HostPort) && overlaps(IP))
}
