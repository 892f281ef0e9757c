import { readFileSync } from 'node:fs'
import { reasonOf } from '../domain/errors.ts'
import type { Engine, ExecRequest } from '../ports/engine.ts'
import type { BashResult } from '../ports/guest.ts'

export interface ShellRequest {
  /** May hold secrets: no process list shows it. It has nothing on its stdin. */
  readonly program: string
  /**
   * For a container that was never lent: the engine's agent may run the program, which is much faster than an exec.
   * `exits`: the agent ends afterwards, because the container is about to be lent. `guest_failed` if the container
   * should have an agent and it does not answer: it has had a tenant, or something is wrong.
   */
  readonly agent?: 'stays' | 'exits'
  readonly timeoutMs: number
}

/** Runs bash in containers, with the functions of `account.sh`. */
export class Shell {
  readonly engine: Engine
  readonly #functions: string

  constructor(engine: Engine) {
    this.engine = engine
    this.#functions = readFileSync(new URL('account.sh', import.meta.url), 'utf8')
  }

  /** `guest_failed` if the container is not running, `engine_unavailable` past the deadline. */
  async run(id: string, { program, agent, timeoutMs }: ShellRequest): Promise<BashResult> {
    const whole = `${this.#functions}\n${program}`
    if (agent && this.engine.agent) {
      const result = await this.engine.agent.run(id, { program: whole, last: agent === 'exits', timeoutMs })
      if (result) return result
    }
    const { code, stdout, stderr } = await this.engine.exec(id, { ...bashOnStdin(whole), timeoutMs })
    return { code, output: stdout + stderr }
  }
}

function bashOnStdin(program: string): Pick<ExecRequest, 'command' | 'stdin'> {
  return { command: ['bash', '-c', 'IFS= read -rd "" program; eval "$program"'], stdin: program }
}

/** Returns why a program failed: the last line of its output. */
export function failureOf({ code, output }: BashResult): string {
  return reasonOf(output.trimEnd().split('\n').at(-1) ?? '') || `exit code ${code}`
}
