import { createInterface } from 'node:readline'
import type { Command } from 'commander'
import type { ReserveRequest } from '../../../client/client.ts'
import { reasonOf } from '../../../domain/errors.ts'
import { parseDuration } from '../../../domain/text/duration.ts'
import { collect, duration } from '../../options/arguments.ts'
import { explainEnd } from '../../reservations/explain-end.ts'
import { keepAlive } from '../../reservations/keep-alive.ts'
import { createEphemeralKey } from '../../ssh/keys.ts'
import { readKeys } from '../../options/key-option.ts'
import { remoteCommand, withSshCommand } from '../../ssh/command.ts'
import { parseVariable, withVariables } from '../../ssh/remote-environment.ts'
import { runSsh, untilEnd } from '../../ssh/external-commands.ts'
import { withPrivateFolder } from '../../ssh/private-folder.ts'
import { release, reserveAndWait } from '../../reservations/wait-for-reservation.ts'
import { type Cli, type CommandContext, openContext } from '../../command-context.ts'
import type { Terminal } from '../../output/terminal.ts'
import { requestOf, type ReserveOptions, withReserveOptions } from '../../options/reserve-options.ts'

/** Without keepalive calls a run ends after this time, so that a dead CI job keeps no containers. */
const KEEPALIVE = '2m'

/** Options of ssh: no prompts, no output besides the command's, and dead connections are detected. */
const SSH_OPTIONS = ['BatchMode=yes', 'LogLevel=ERROR', 'ServerAliveInterval=15', 'ServerAliveCountMax=4']

const ABOUT = `Reserves, runs the command over SSH, releases, and exits with the command's exit code. Ctrl-C stops the
command and releases.

One word is a command line for the remote shell ('make && make test'); several words arrive as they are. With --count
the command runs in all containers at once, and each line begins with the container's name; the exit code is the first
that is not 0.`

/** As of timeout(1). */
const TIME_IS_UP = 124

/** Longest time that a timer of Node can wait, about 24 days. */
const MAX_TIMER_MS = 2 ** 31 - 1

interface Options extends ReserveOptions {
  readonly tty?: boolean
  readonly timeout?: string
  readonly env?: readonly string[]
}

export function addRun(program: Command, cli: Cli): void {
  withReserveOptions(program.command('run').summary('reserve, run a command, release').description(ABOUT))
    .usage('[options] -- COMMAND...')
    .option('-t, --tty', 'run the command in a terminal')
    .option('--timeout <duration>', 'stop the command after this time, with exit code 124', duration)
    .option('-e, --env <variable>', 'NAME=VALUE, or NAME for its value here; repeatable', collect)
    .argument('<command...>', 'what to run in the container')
    .action(async (words: string[], options: Options, command: Command) => {
      const context = openContext(cli, command)
      const variables = (options.env ?? []).map((text) => parseVariable(text, cli.environment.variables))
      const given = await readKeys(cli, context.terminal, options.key)
      const usable = given.find((pair) => pair.identity !== undefined)
      process.exitCode = await withPrivateFolder(async (folder) => {
        const pair = usable ?? (await createEphemeralKey(folder))
        const keys = [...given.filter((each) => each !== pair), pair].flatMap((key) => key.publicKeys)
        const body = { ...requestOf(options, keys), keepalive: KEEPALIVE }
        const { tty = false, timeout } = options
        return reserveAndRun(cli, context, body, { words, tty, timeout, variables, identity: pair.identity })
      })
    })
}

interface RemoteCommand {
  readonly words: readonly string[]
  readonly tty: boolean
  readonly timeout: string | undefined
  readonly variables: readonly (readonly [name: string, value: string])[]
  readonly identity: string | undefined
}

async function reserveAndRun(
  cli: Cli,
  context: CommandContext,
  body: ReserveRequest,
  { words, tty, timeout, variables, identity }: RemoteCommand,
): Promise<number> {
  const { id, username, containers } = await reserveAndWait(cli, context, body)
  const interrupted = cli.interrupts.takeOver()
  const alive = keepAlive(context.client, id)
  const options = [...SSH_OPTIONS, `RequestTTY=${tty ? 'force' : 'no'}`]
  try {
    const commands = await Promise.all(
      containers.map(async (container) => {
        const login = { container, username, identity, options }
        return { ...login, command: await withVariables(login, variables, remoteCommand(words)) }
      }),
    )
    const timer = timeout === undefined ? null : timerFor(timeout)
    const stopped = timer ? AbortSignal.any([interrupted, timer]) : interrupted
    const codes = await Promise.all(
      commands.map((login) =>
        withSshCommand(login, (args) => {
          interrupted.throwIfAborted()
          const prefix = `${login.container.name} | `
          return runUntil(stopped, args, containers.length === 1 ? null : { terminal: context.terminal, prefix })
        }),
      ),
    )
    interrupted.throwIfAborted()
    if (timer?.aborted) {
      context.terminal.note(`berth: the command was stopped after ${timeout} (--timeout)`)
      return TIME_IS_UP
    }
    if (codes.includes(255) && (await explainEnd(context, id)) === 'expired') return TIME_IS_UP
    return codes.find((code) => code !== 0) ?? 0
  } finally {
    alive.stop()
    await release(context.client, id).catch((error: unknown) => {
      context.terminal.note(`berth: not released (${reasonOf(error)}); it ends by itself within ${KEEPALIVE}`)
    })
  }
}

function timerFor(timeout: string): AbortSignal {
  return AbortSignal.timeout(Math.min(parseDuration(timeout) ?? 0, MAX_TIMER_MS))
}

/** Runs ssh until it ends or is stopped. Its output goes to this process, or is copied line by line. */
async function runUntil(
  stopped: AbortSignal,
  args: readonly string[],
  copy: { readonly terminal: Terminal; readonly prefix: string } | null,
): Promise<number> {
  const run = runSsh(args, copy ? ['ignore', 'pipe', 'pipe'] : 'inherit')
  const [code] = await Promise.all([
    untilEnd(run, stopped),
    eachLine(run.output, (line) => copy?.terminal.copy('stdout', copy.prefix, line)),
    eachLine(run.errors, (line) => copy?.terminal.copy('stderr', copy.prefix, line)),
  ])
  return code
}

async function eachLine(stream: NodeJS.ReadableStream | null, copy: (line: string) => void): Promise<void> {
  if (!stream) return
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) copy(line)
}
