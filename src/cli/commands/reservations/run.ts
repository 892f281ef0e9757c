import { createInterface } from 'node:readline'
import type { Command } from 'commander'
import type { ReserveRequest } from '../../../client/client.ts'
import { reasonOf } from '../../../domain/errors.ts'
import { keepAlive } from '../../reservations/keep-alive.ts'
import { createEphemeralKey } from '../../ssh/keys.ts'
import { readKeys } from '../../options/key-option.ts'
import { withSshCommand } from '../../ssh/command.ts'
import { runSsh } from '../../ssh/external-commands.ts'
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

interface Options extends ReserveOptions {
  readonly tty?: boolean
}

export function addRun(program: Command, cli: Cli): void {
  withReserveOptions(program.command('run').summary('reserve, run a command, release').description(ABOUT))
    .usage('[options] -- COMMAND...')
    .option('-t, --tty', 'run the command in a terminal')
    .argument('<command...>', 'what to run in the container')
    .action(async (words: string[], options: Options, command: Command) => {
      const context = openContext(cli, command)
      const given = await readKeys(cli, context.terminal, options.key)
      const usable = given.find((pair) => pair.identity !== undefined)
      process.exitCode = await withPrivateFolder(async (folder) => {
        const pair = usable ?? (await createEphemeralKey(folder))
        const keys = [...given.filter((each) => each !== pair), pair].flatMap((key) => key.publicKeys)
        const body = { ...requestOf(options, keys), keepalive: KEEPALIVE }
        return reserveAndRun(cli, context, body, { words, tty: options.tty === true, identity: pair.identity })
      })
    })
}

interface RemoteCommand {
  readonly words: readonly string[]
  readonly tty: boolean
  readonly identity: string | undefined
}

async function reserveAndRun(
  cli: Cli,
  context: CommandContext,
  body: ReserveRequest,
  { words, tty, identity }: RemoteCommand,
): Promise<number> {
  const { id, username, containers } = await reserveAndWait(cli, context, body)
  const interrupted = cli.interrupts.takeOver()
  const alive = keepAlive(context.client, id)
  const options = [...SSH_OPTIONS, `RequestTTY=${tty ? 'force' : 'no'}`]
  try {
    const codes = await Promise.all(
      containers.map((container) =>
        withSshCommand({ container, username, identity, options, command: words }, (args) => {
          interrupted.throwIfAborted()
          const copy = containers.length === 1 ? null : { terminal: context.terminal, prefix: `${container.name} | ` }
          return runUntil(interrupted, args, copy)
        }),
      ),
    )
    interrupted.throwIfAborted()
    if (codes.includes(255)) await explainEnd(context, id)
    return codes.find((code) => code !== 0) ?? 0
  } finally {
    alive.stop()
    await release(context.client, id).catch((error: unknown) => {
      context.terminal.note(`berth: not released (${reasonOf(error)}); it ends by itself within ${KEEPALIVE}`)
    })
  }
}

/** Runs ssh until it ends or is interrupted. Its output goes to this process, or is copied line by line. */
async function runUntil(
  interrupted: AbortSignal,
  args: readonly string[],
  copy: { readonly terminal: Terminal; readonly prefix: string } | null,
): Promise<number> {
  const run = runSsh(args, copy ? ['ignore', 'pipe', 'pipe'] : 'inherit')
  interrupted.addEventListener('abort', run.stop)
  try {
    await Promise.all([
      eachLine(run.output, (line) => copy?.terminal.copy('stdout', copy.prefix, line)),
      eachLine(run.errors, (line) => copy?.terminal.copy('stderr', copy.prefix, line)),
    ])
    return await run.done
  } finally {
    interrupted.removeEventListener('abort', run.stop)
  }
}

/** Prints why the reservation has ended: ssh only knows that its connection was closed. */
async function explainEnd({ client, terminal }: CommandContext, id: string): Promise<void> {
  const { data } = await client.GET('/v1/reservations/{id}', { params: { path: { id } } })
  if (!data || data.state === 'active') return
  const advice = data.outcome === 'expired' ? '; --for reserves for longer' : ''
  terminal.note(`berth: the reservation has ended (${data.outcome ?? data.state})${advice}`)
}

async function eachLine(stream: NodeJS.ReadableStream | null, copy: (line: string) => void): Promise<void> {
  if (!stream) return
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) copy(line)
}
