/** `berth run`: reserves, runs a command in every container, and releases or puts on hold. */
import { createInterface } from 'node:readline'
import type { Reserved, ReserveRequest } from '../../client/client.ts'
import { reasonOf } from '../../domain/errors.ts'
import { parseDuration } from '../../domain/text/duration.ts'
import type { Cli, CommandContext } from '../command-context.ts'
import type { Terminal } from '../output/terminal.ts'
import { remoteCommand, withSshCommand } from '../ssh/command.ts'
import { runSsh, untilEnd } from '../ssh/external-commands.ts'
import { withVariables } from '../ssh/remote-environment.ts'
import { proxyCommandFor } from '../ssh/tunnel/proxy-command.ts'
import { SharedInput } from '../ssh/shared-input.ts'
import { explainEnd } from './explain-end.ts'
import { type HoldRequest, holdAfterFailure } from './hold.ts'
import { keepAlive } from './keep-alive.ts'
import { release, reserveAndWait } from './wait-for-reservation.ts'

/** Options of ssh: no prompts, no output besides the command's, and dead connections are detected. */
const SSH_OPTIONS = ['BatchMode=yes', 'LogLevel=ERROR', 'ServerAliveInterval=15', 'ServerAliveCountMax=4']

/** Exit code of a command that was stopped, as timeout(1) has it. */
const TIME_IS_UP = 124

/** Longest time that a timer of Node can wait, about 24 days. */
const MAX_TIMER_MS = 2 ** 31 - 1

export interface RemoteCommand {
  readonly words: readonly string[]
  readonly tty: boolean
  readonly timeout: string | undefined
  readonly variables: readonly (readonly [name: string, value: string])[]
  readonly identity: string | undefined
  /** `--tunnel` or `--no-tunnel`. */
  readonly tunnel: boolean | undefined
  /** How the reservation is put on hold after a failure; undefined: it is released. */
  readonly hold: Pick<HoldRequest, 'duration' | 'isTemporary'> | undefined
}

/** Returns the exit code. The reservation outlives this process by at most `keepalive`. */
export async function reserveAndRun(
  cli: Cli,
  context: CommandContext,
  body: ReserveRequest & { readonly keepalive: string },
  command: RemoteCommand,
): Promise<number> {
  const { hold, identity } = command
  const reserved = await reserveAndWait(cli, context, body)
  const { id } = reserved
  const alive = keepAlive(context.client, id)
  let isOnHold = false
  try {
    const { code, hasEnded } = await runInAll(cli, context, reserved, command)
    if (hold && code !== 0 && !hasEnded) {
      isOnHold = await holdAfterFailure(cli, context, reserved, { ...hold, code, identity })
    }
    return code
  } finally {
    alive.stop()
    if (!isOnHold) {
      const report = (text: string) => context.terminal.note(`berth: ${text}`)
      await release(context.client, id, { clock: cli.clock, report }).catch((error: unknown) => {
        context.terminal.note(`berth: not released (${reasonOf(error)}); it ends by itself within ${body.keepalive}`)
      })
    }
  }
}

interface Outcome {
  readonly code: number
  /** Whether the reservation ended before the command. */
  readonly hasEnded: boolean
}

async function runInAll(
  cli: Cli,
  context: CommandContext,
  { id, username, containers }: Reserved,
  { words, tty, timeout, variables, identity, tunnel }: RemoteCommand,
): Promise<Outcome> {
  const interrupted = cli.interrupts.takeOver()
  const options = [...SSH_OPTIONS, `RequestTTY=${tty ? 'force' : 'no'}`]
  const commands = await Promise.all(
    containers.map(async (container) => {
      const proxyCommand = proxyCommandFor(container, { ...cli, settings: context.settings, option: tunnel })
      const login = { container, username, identity, options, proxyCommand }
      return { ...login, command: await withVariables(login, variables, remoteCommand(words)) }
    }),
  )
  const timer = timeout === undefined ? null : timerFor(timeout)
  const stopped = timer ? AbortSignal.any([interrupted, timer]) : interrupted
  const input = cli.stdin.isTTY ? null : new SharedInput(cli.stdin, containers.length)
  const codes = await Promise.all(
    commands.map((login) =>
      withSshCommand(login, (args) => {
        interrupted.throwIfAborted()
        const prefix = `${login.container.name} | `
        return runUntil(stopped, args, containers.length === 1 ? null : { terminal: context.terminal, prefix, input })
      }),
    ),
  )
  interrupted.throwIfAborted()
  if (timer?.aborted) {
    context.terminal.note(`berth: the command was stopped after ${timeout} (--timeout)`)
    return { code: TIME_IS_UP, hasEnded: false }
  }
  const end = codes.includes(255) ? await explainEnd(context, id) : null
  if (end === 'expired') return { code: TIME_IS_UP, hasEnded: true }
  return { code: codes.find((code) => code !== 0) ?? 0, hasEnded: end !== null }
}

function timerFor(timeout: string): AbortSignal {
  return AbortSignal.timeout(Math.min(parseDuration(timeout) ?? 0, MAX_TIMER_MS))
}

/** How one of several commands shares the input and output of this process. */
interface Copy {
  /** Gets its output line by line, each behind the prefix. */
  readonly terminal: Terminal
  readonly prefix: string
  /** null if stdin is a terminal: then the command has no input. */
  readonly input: SharedInput | null
}

/** Runs ssh until it ends or is stopped. Its input and output are those of this process, or copied. */
async function runUntil(stopped: AbortSignal, args: readonly string[], copy: Copy | null): Promise<number> {
  const run = runSsh(args, copy ? [copy.input ? 'pipe' : 'ignore', 'pipe', 'pipe'] : 'inherit')
  copy?.input?.attach(run.input)
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
