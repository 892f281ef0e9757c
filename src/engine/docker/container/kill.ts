import type { ContainerInspectInfo } from '../api/types.ts'
import type { Docker } from '../api/client.ts'
import { ignoreStatus, unexpectedResponse } from '../api/errors.ts'
import type { Timers } from '../../timers.ts'

/** Pause before a kill is sent again. */
const RETRY_PAUSE_MS = 400
/** Number of attempts at that pace. After them, each pause is twice the one before. */
const ATTEMPTS_AT_ONE_PACE = 4
/** Pause before the second attempt: longer than a kill takes if the container gets processor time. */
const THROTTLED_MS = 150
/** Pause before a kill that is not urgent is sent again: several times what one of many concurrent kills takes. */
const PATIENT_MS = 6_000

interface KillOptions {
  /** Number of processors of the host. */
  readonly cpus: () => Promise<number>
  /** The container is on the network, or few kills are under way. */
  readonly isUrgent: boolean
  readonly timers: Timers
}

/**
 * Sends SIGKILL until the container is down. Docker answers when it is.
 *
 * Docker (20.10) loses a kill that arrives while it restarts the container, gives tenants access again, and notices
 * 10 s later: a tenant who ends their own sshd at the right moment would stay for that long. A kill that is sent again
 * strikes at once.
 *
 * Dying takes processor time: a hundred busy processes that share a tenth of a core took 6 s. A container that is not
 * down soon gets all processors of the host, and keeps them: what was killed is destroyed.
 *
 * Both cost the engine as much as the first kill. With many kills under way, each is slow because of the others, so
 * repeating does not help: a kill that is not urgent is repeated rarely.
 */
export async function killForGood(
  docker: Docker,
  id: string,
  { cpus, isUrgent, timers }: KillOptions,
  signal: AbortSignal,
): Promise<void> {
  const attempts: Promise<boolean>[] = []
  let down = false
  while (!down) {
    // 404: gone. 409: it is down already.
    const attempt = docker.post(`/containers/${id}/kill`, { signal }).then(mustBeEmpty).catch(ignoreStatus(404, 409))
    attempts.push(attempt.then(() => true))
    const pause = timers.sleep(pauseAfter(attempts.length, isUrgent), signal).then(() => false)
    down = await Promise.race([...attempts, pause])
    if (!down && attempts.length === 1) void unthrottle(docker, id, cpus, signal)
  }
  // No attempt may strike later, when the container was started again. The others fail at once now; but an attempt
  // whose connection was lost is never answered.
  await Promise.race([Promise.allSettled(attempts), timers.sleep(RETRY_PAUSE_MS)])
  // An answer that was cut off in the middle looks like a confirmation, too.
  const after = await docker.get<ContainerInspectInfo>(`/containers/${id}/json`, { signal }).catch(ignoreStatus(404))
  const running: unknown = after?.State?.Running
  if (after && running !== false) throw unexpectedResponse()
}

/** Milliseconds. */
function pauseAfter(attempts: number, isUrgent: boolean): number {
  if (!isUrgent) return PATIENT_MS
  if (attempts === 1) return THROTTLED_MS
  return RETRY_PAUSE_MS * 2 ** Math.max(0, attempts - ATTEMPTS_AT_ONE_PACE)
}

/** Never fails: the kill goes on without it. */
async function unthrottle(docker: Docker, id: string, cpus: () => Promise<number>, signal: AbortSignal): Promise<void> {
  try {
    await docker.post(`/containers/${id}/update`, { body: { NanoCpus: (await cpus()) * 1e9 }, signal })
  } catch {
    // The container is down by now, or Docker cannot.
  }
}

/** Docker confirms with an empty answer. A proxy's 200 with a body must not count as a kill. */
function mustBeEmpty(answer: unknown): void {
  if (answer !== undefined) throw unexpectedResponse()
}
