/** A secret from stdin: neither the arguments of a program nor its environment keep one. */
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { EXIT, Failure } from './failures.ts'
import type { Cli } from './session.ts'

/** The first line; on a terminal it is asked for, and not shown. */
export async function readSecret({ stdin, stderr }: Pick<Cli, 'stdin' | 'stderr'>, what: string): Promise<string> {
  const terminal = stdin.isTTY
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: stdin, output: nowhere, terminal })
  // Only now: what is typed from here on is not echoed.
  if (terminal) stderr.write(`${what}: `)
  // In this mode Ctrl-C is a character for readline, not a signal.
  lines.once('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  try {
    for await (const line of lines) {
      if (line !== '') return line
      break
    }
  } finally {
    lines.close()
    if (terminal) stderr.write('\n')
  }
  throw new Failure(EXIT.usage, `there is no ${what.toLowerCase()} on stdin`)
}
