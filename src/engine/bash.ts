import type { ExecRequest } from '../core/ports.ts'

/** The exec that runs a program of bash which no process list may show. */
export function execOf(program: string): Pick<ExecRequest, 'command' | 'stdin'> {
  return { command: ['bash', '-c', 'IFS= read -rd "" program; eval "$program"'], stdin: program }
}
