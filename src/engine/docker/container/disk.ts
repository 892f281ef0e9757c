/** Finds out whether Docker can limit the disk of a container. */
import type { ContainerSpec } from '../../../domain/container.ts'
import type { DatabaseMark } from '../../../domain/database-mark.ts'
import type { Docker } from '../api/client.ts'
import { DISK_REMEDY, DockerApiError, diskRefusal } from '../api/errors.ts'
import { removeForGood } from './remove.ts'
import { createOptions } from './spec.ts'

interface StorageInfo {
  readonly Driver: string
  /** Pairs of name and value. */
  readonly DriverStatus: readonly (readonly [string, string])[] | null
}

/** Type of driver that stores containers in containerd. It ignores the limit, and only warns in Docker's log. */
const CONTAINERD = 'io.containerd.snapshotter.v1'
const CONTAINERD_REMEDY =
  'it stores containers in containerd: set "features": { "containerd-snapshotter": false } in /etc/docker/daemon.json'

/**
 * btrfs is refused because the kernel stops counting when a container is removed ("qgroup marked inconsistent", seen
 * with Linux 6.18 and Docker 20.10). A tenant could then write 1,000 MiB where 600 were allowed.
 */
const BTRFS = 'with btrfs, the limit has no effect after a container was removed'

/**
 * See `Engine.diskProblem`. Docker's information shows the storage driver and the file system. Whether that has quotas
 * is seen only when a container is created.
 */
export async function diskProblem(
  docker: Docker,
  spec: ContainerSpec,
  mark: DatabaseMark,
  signal: AbortSignal,
): Promise<string | null> {
  const { Driver, DriverStatus } = await docker.get<StorageInfo>('/info', { signal })
  const status = new Map(DriverStatus ?? [])
  const fileSystem = status.get('Backing Filesystem')
  const driver = fileSystem === undefined ? Driver : `${Driver} on ${fileSystem}`
  const describe = (why: string) => `Docker's storage driver (${driver}) cannot limit the disk: ${why}`
  if (status.get('driver-type') === CONTAINERD) return describe(CONTAINERD_REMEDY)
  if (Driver === 'btrfs') return describe(`${BTRFS}. ${DISK_REMEDY}`)
  try {
    // If this manager is killed here, another one finds the container by its labels and removes it.
    const made = await docker.post<{ Id: string }>('/containers/create', { body: createOptions(spec, mark), signal })
    if (made) await removeForGood(docker, made.Id, signal)
    return null
  } catch (error) {
    if (!(error instanceof DockerApiError)) throw error
    const refusal = diskRefusal(error)
    // The creation of the pool's containers reports other problems.
    return refusal && describe(refusal)
  }
}
