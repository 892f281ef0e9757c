import { setTimeout as sleep } from 'node:timers/promises'
import type Docker from 'dockerode'
import { accept, senseless } from './errors.ts'

const AGAIN_MS = 400

/**
 * SIGKILL, until the container is down: Docker answers when it is. Docker (20.10) loses a kill that arrives while it
 * restarts the container, lets everybody in again, and notices 10 s later; a user who ends their own sshd at the right
 * moment would stay for that long. A kill sent again meanwhile strikes at once.
 */
export async function killForGood(container: Docker.Container, signal: AbortSignal): Promise<void> {
  const attempts: Promise<boolean>[] = []
  let down = false
  while (!down) {
    // 404: gone. 409: it is down already.
    const attempt = container.kill({ abortSignal: signal }).then(mustBeEmpty).catch(accept(404, 409))
    attempts.push(attempt.then(() => true))
    down = await Promise.race([...attempts, sleep(AGAIN_MS, false, { signal, ref: false })])
  }
}

/** Docker confirms without a word; dockerode takes any 200, and whoever cannot be cut off must not count as cut off. */
function mustBeEmpty(answer: unknown): void {
  if (answer !== undefined && answer !== null && String(answer) !== '') throw senseless()
}
