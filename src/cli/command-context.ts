/** What every command starts with: global options, a client of the manager, a terminal. */
import type { Command } from 'commander'
import { type BerthClient, openClient } from '../client/client.ts'
import type { Clock } from '../ports/clock.ts'
import type { Environment } from './environment.ts'
import type { Interrupts } from './interrupts.ts'
import { EXIT, Failure } from './failures.ts'
import { readSettings, type Settings } from './options/settings.ts'
import { Terminal } from './output/terminal.ts'

/** Surroundings of the command. */
export interface Cli {
  /** Words of the command line after `berth`. */
  readonly args: readonly string[]
  readonly environment: Environment
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  readonly clock: Clock
  readonly interrupts: Interrupts
}

/** Options of every command; they may stand before or after its name. */
export interface GlobalOptions {
  readonly url?: string
  readonly json?: boolean
  readonly color: boolean
}

/** Where the result of a command goes. */
export interface Output {
  readonly terminal: Terminal
  /** Whether it is printed as JSON, for a program. */
  readonly json: boolean
}

export interface CommandContext extends Output {
  readonly client: BerthClient
  readonly settings: Settings
}

export function openContext(cli: Cli, command: Command): CommandContext {
  const settings = readSettings(command.optsWithGlobals<GlobalOptions>().url, cli.environment)
  const { url, token } = settings
  // A redirect is an error: fetch would follow it without the token, and with GET instead of POST.
  const send = async (request: Request) => bounded(await fetch(request, { redirect: 'manual' }))
  const client = openClient({ url, token, fetch: send })
  return { client, settings, ...openOutput(cli, command) }
}

/** For commands that call no manager. */
export function openOutput({ stdout, stderr, environment }: Cli, command: Command): Output {
  const { color, json = false } = command.optsWithGlobals<GlobalOptions>()
  return { terminal: new Terminal({ stdout, stderr, plain: environment.plain || !color }), json }
}

/** Maximum size of a response. A manager's are far smaller. */
const MAX_RESPONSE_BYTES = 32 * 1024 ** 2

/** Returns the response with a body that fails beyond the maximum; streams of events have none. */
function bounded(response: Response): Response {
  const { body, headers } = response
  if (!body || /^text\/event-stream\b/.test(headers.get('content-type') ?? '')) return response
  let length = 0
  const counting = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, out) {
      length += chunk.length
      if (length > MAX_RESPONSE_BYTES)
        throw new Failure(EXIT.unreachable, 'the response exceeds 32 MiB: is this a Berth manager?')
      out.enqueue(chunk)
    },
  })
  // A response that is made from another has no URL, which messages name.
  return Object.defineProperty(new Response(body.pipeThrough(counting), response), 'url', { value: response.url })
}
