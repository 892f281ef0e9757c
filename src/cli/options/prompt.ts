/** Questions on the terminal, and secrets from stdin. */
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { EXIT, Failure } from '../failures.ts'
import type { Cli } from '../command-context.ts'

type Streams = Pick<Cli, 'stdin' | 'stderr'>

/** Returns whether the answer is "y" or "yes"; null without a terminal to ask on. */
export async function confirm({ stdin, stderr }: Streams, question: string): Promise<boolean | null> {
  if (!stdin.isTTY) return null
  stderr.write(`${question} [y/N] `)
  return /^y(es)?$/i.test((await firstLine(createInterface({ input: stdin, terminal: false }))).trim())
}

/** Like `confirm`. Throws a `Failure` with the advice if there is no terminal to ask on. */
export async function confirmOrFail(streams: Streams, question: string, advice: string): Promise<boolean> {
  const answer = await confirm(streams, question)
  if (answer === null) throw new Failure(EXIT.usage, 'there is no terminal to ask on', { advice })
  return answer
}

/**
 * Returns the first line of stdin; on a terminal it asks for it, and shows nothing of it. Neither the arguments of a
 * program nor its environment keep a secret.
 */
export async function readSecret({ stdin, stderr }: Streams, what: string): Promise<string> {
  const terminal = stdin.isTTY
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: stdin, output: nowhere, terminal })
  // Only now: what is typed from here on is not echoed.
  if (terminal) stderr.write(`${what}: `)
  // In this mode Ctrl-C is a character for readline, not a signal.
  lines.once('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  const secret = await firstLine(lines)
  if (terminal) stderr.write('\n')
  if (secret === '') throw new Failure(EXIT.usage, `there is no ${what.toLowerCase()} on stdin`)
  return secret
}

async function firstLine(lines: ReturnType<typeof createInterface>): Promise<string> {
  try {
    for await (const line of lines) return line
    return ''
  } finally {
    lines.close()
  }
}
