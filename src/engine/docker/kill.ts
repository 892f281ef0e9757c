import { setTimeout as sleep } from 'node:timers/promises'
import type { ContainerInspectInfo } from './answers.ts'
import type { Docker } from './connection.ts'
import { accept, isRestarting, senseless } from './errors.ts'

const AGAIN_MS = 400
/** So many attempts come at that pace; after them, each pause is twice the one before. */
const INSISTENT = 4
/** Longer than a container takes that is not throttled. */
const THROTTLED_MS = 150
/** Instead of both, where nobody is in who could do anything: several times what one of many takes, while others are made anew. */
const PATIENT_MS = 6_000

interface Urgency {
  /** How many the host has. */
  readonly cpus: () => Promise<number>
  /** Frozen: its last moment is all that it has left to live. */
  readonly held: boolean
}

/**
 * SIGKILL, until the container is down: Docker answers when it is. Docker (20.10) loses a kill that arrives while it
 * restarts the container, lets everybody in again, and notices 10 s later; a user who ends their own sshd at the right
 * moment would stay for that long. A kill sent again meanwhile strikes at once.
 *
 * Dying takes processor time: a hundred busy processes that share a tenth of a core took 6 s. One that is not down soon gets
 * all of the host's processors to die on, and keeps them: what was killed is destroyed.
 *
 * Either costs the engine as much as the first kill; and where many wait for theirs, each takes long for no other reason. So
 * what is frozen has its time, and an engine that is slow is not asked more and more.
 */
export async function killForGood(
  docker: Docker,
  id: string,
  { cpus, held }: Urgency,
  signal: AbortSignal,
): Promise<void> {
  const attempts: Promise<boolean>[] = []
  let down = false
  while (!down) {
    // 404: gone. 409: it is down already.
    const attempt = docker.post(`/containers/${id}/kill`, { signal }).then(mustBeEmpty).catch(accept(404, 409))
    attempts.push(attempt.then(() => true))
    down = await Promise.race([...attempts, sleep(pauseAfter(attempts.length, held), false, { signal, ref: false })])
    if (!down && attempts.length === 1) void unthrottle(docker, id, cpus, signal)
  }
  // None of them may strike later, when somebody has started it again. They fail at once now; but one that was hung up on
  // is never heard of again.
  await Promise.race([Promise.allSettled(attempts), sleep(AGAIN_MS, undefined, { ref: false })])
  // An answer that was cut off in the middle looks like a confirmation, too: nobody is told so on that alone.
  const after = await docker.get<ContainerInspectInfo>(`/containers/${id}/json`, { signal }).catch(accept(404))
  const running: unknown = after?.State?.Running
  if (after && running !== false) throw senseless()
}

function pauseAfter(attempts: number, held: boolean): number {
  if (held) return PATIENT_MS
  if (attempts === 1) return THROTTLED_MS
  return AGAIN_MS * 2 ** Math.max(0, attempts - INSISTENT)
}

/** False when somebody may still do something in there: Docker freezes nothing that it is restarting. */
export async function freeze(docker: Docker, id: string, signal: AbortSignal): Promise<boolean> {
  try {
    mustBeEmpty(await docker.post(`/containers/${id}/pause`, { signal }))
    return true
  } catch (error) {
    // Gone, down, or frozen already.
    accept(404, 409)(error)
    return !isRestarting(error)
  }
}

/** Only a help: whatever comes of it, the kill goes on. */
async function unthrottle(docker: Docker, id: string, cpus: () => Promise<number>, signal: AbortSignal): Promise<void> {
  try {
    await docker.post(`/containers/${id}/update`, { body: { NanoCpus: (await cpus()) * 1e9 }, signal })
  } catch {
    // It is down meanwhile, or Docker cannot.
  }
}

/** Docker confirms without a word; whoever cannot be cut off must not count as cut off because somebody said 200. */
function mustBeEmpty(answer: unknown): void {
  if (answer !== undefined) throw senseless()
}
