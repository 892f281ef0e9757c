import { BerthError } from '../../core/errors.ts'
import type { ExecRequest, ExecResult } from '../../core/ports.ts'
import type { Docker } from './connection.ts'
import { execute } from './exec.ts'
import { freeze } from './kill.ts'

/**
 * Keeps apart what begins in a container and what freezes it. One that is frozen while runc puts a process into it keeps runc
 * waiting, and Docker (20.10) answers nothing about it any more: neither kill nor rm -f, until somebody ends that runc by hand.
 */
export class Executions {
  readonly #docker: Docker
  /** How many are under way, by id of the container. */
  readonly #running = new Map<string, number>()
  readonly #freezing = new Set<string>()

  constructor(docker: Docker) {
    this.#docker = docker
  }

  /** As `execute`; `guest_failed` also while the container is being frozen. */
  async execute(id: string, request: Pick<ExecRequest, 'command' | 'stdin'>, signal: AbortSignal): Promise<ExecResult> {
    if (this.#freezing.has(id)) throw new BerthError('guest_failed', 'the container is being cut off')
    this.#running.set(id, (this.#running.get(id) ?? 0) + 1)
    try {
      return await execute(this.#docker, id, request, signal)
    } finally {
      const others = (this.#running.get(id) ?? 1) - 1
      if (others > 0) this.#running.set(id, others)
      else this.#running.delete(id)
    }
  }

  /** As `freeze`; false, and not tried, while something is under way there: whether it has begun yet, nobody says. */
  async freeze(id: string, signal: AbortSignal): Promise<boolean> {
    if (this.#running.has(id)) return false
    this.#freezing.add(id)
    try {
      return await freeze(this.#docker, id, signal)
    } finally {
      this.#freezing.delete(id)
    }
  }
}
