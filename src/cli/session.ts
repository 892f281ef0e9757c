/** What every command starts with: options that all have in common, a manager to ask, somewhere to write. */
import type { Command } from 'commander'
import { type BerthClient, openClient } from '../client/client.ts'
import type { Clock } from '../core/clock.ts'
import type { Environment } from './environment.ts'
import type { Interrupts } from './interrupts.ts'
import { EXIT, Failure } from './failures.ts'
import { readSettings, type Settings } from './settings.ts'
import type { Output } from './output.ts'
import { Terminal } from './terminal.ts'

/** What the command is given by whoever runs it. */
export interface Cli {
  readonly environment: Environment
  readonly stdin: NodeJS.ReadStream
  readonly stdout: Output
  readonly stderr: Output
  readonly clock: Clock
  readonly interrupts: Interrupts
}

/** Options of the whole program; they may stand before or behind the name of a command. */
export interface GlobalOptions {
  readonly url?: string
  readonly json?: boolean
  readonly color: boolean
}

export interface Session {
  readonly client: BerthClient
  readonly settings: Settings
  readonly terminal: Terminal
  /** The answer is for a program. */
  readonly json: boolean
}

export function openSession(cli: Cli, command: Command): Session {
  const options = command.optsWithGlobals<GlobalOptions>()
  const settings = readSettings(options.url, cli.environment)
  const { url, token } = settings
  return {
    client: openClient({ url, token, fetch: async (request) => bounded(await fetch(request)) }),
    settings,
    terminal: terminalOf(cli, command),
    json: options.json ?? false,
  }
}

/** For commands that ask no manager. */
export function terminalOf({ stdout, stderr, environment }: Cli, command: Command): Terminal {
  const { color } = command.optsWithGlobals<GlobalOptions>()
  return new Terminal({ stdout, stderr, plain: environment.plain || !color })
}

/** No answer of a manager is nearly as long. */
const LONGEST = 32 * 1024 ** 2

/** The same answer, which fails when it becomes too long; events may go on for ever. */
function bounded(response: Response): Response {
  const { body, headers } = response
  if (!body || /^text\/event-stream\b/.test(headers.get('content-type') ?? '')) return response
  let length = 0
  const counting = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, out) {
      length += chunk.length
      if (length > LONGEST) throw new Failure(EXIT.unreachable, 'the answer is too long for one of a Berth manager')
      out.enqueue(chunk)
    },
  })
  return new Response(body.pipeThrough(counting), response)
}
