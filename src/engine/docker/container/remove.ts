import { setTimeout as sleep } from 'node:timers/promises'
import type { Docker } from '../api/client.ts'
import { ignoreStatus } from '../api/errors.ts'
import { assertFullId } from '../api/ids.ts'
import { inspectContainer } from '../api/inspect.ts'

/** Interval of inspections of a container that Docker is removing. */
const POLL_MS = 100

/** Removes a container with its anonymous volumes, running or not. Gone is success. */
export async function removeForGood(docker: Docker, id: string, signal: AbortSignal): Promise<void> {
  try {
    await docker.delete(`/containers/${assertFullId(id)}`, { query: { force: true, v: true }, signal })
  } catch (error) {
    ignoreStatus(404, 409)(error)
    // 409: a removal is under way. When the container is gone, its name and port are free.
    while ((await inspectContainer(docker, id, signal)) !== null) await sleep(POLL_MS, undefined, { signal })
  }
}
