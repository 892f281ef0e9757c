import type { Command } from 'commander'
import { collect, duration } from '../../options/arguments.ts'
import { createEphemeralKey } from '../../ssh/keys.ts'
import { readKeys } from '../../options/key-option.ts'
import { parseVariable } from '../../ssh/remote-environment.ts'
import { withPrivateFolder } from '../../ssh/private-folder.ts'
import { assertMayHold } from '../../reservations/hold.ts'
import { reserveAndRun } from '../../reservations/reserve-and-run.ts'
import { type Cli, openContext } from '../../command-context.ts'
import { type TunnelOption, withTunnelOption } from '../../options/tunnel-option.ts'
import { requestOf, type ReserveOptions, withReserveOptions } from '../../options/reserve-options.ts'

/** Without keepalive calls a run ends after this time, so that a dead CI job keeps no containers. */
const KEEPALIVE = '2m'

const ABOUT = `Reserves, runs the command over SSH, releases, and exits with the command's exit code. Ctrl-C stops the
command and releases.

One word is a command line for the remote shell ('make && make test'); several words arrive as they are. With --count
the command runs in all containers at once, each gets all of stdin, and each line begins with the container's name; the
exit code is the first that is not 0.

With --hold, a reservation whose command has failed is not released. It stays for this time, if the pool allows it
(pools.NAME.hold in berth.yml), and \`berth ssh\` logs in.`

interface Options extends ReserveOptions, TunnelOption {
  readonly tty?: boolean
  readonly timeout?: string
  readonly env?: readonly string[]
  readonly hold?: string
}

export function addRun(program: Command, cli: Cli): void {
  withTunnelOption(
    withReserveOptions(program.command('run').summary('reserve, run a command, release').description(ABOUT)),
  )
    .usage('[options] -- COMMAND...')
    .option('-t, --tty', 'run the command in a terminal')
    .option('--timeout <duration>', 'stop the command after this time, with exit code 124', duration)
    .option('-e, --env <variable>', 'NAME=VALUE, or NAME for its value here; repeatable', collect)
    .option('--hold <duration>', 'if the command fails, keep the reservation for this time', duration)
    .argument('<command...>', 'what to run in the container')
    .action(async (words: string[], options: Options, command: Command) => {
      const context = openContext(cli, command)
      const { tty = false, timeout, hold, env = [], tunnel } = options
      const variables = env.map((text) => parseVariable(text, cli.environment.variables))
      const given = await readKeys(cli, context.terminal, options.key)
      if (hold !== undefined) {
        await assertMayHold(context.client, options.pool, { duration: hold, count: options.count })
      }
      const usable = given.find((pair) => pair.identity !== undefined)
      process.exitCode = await withPrivateFolder(async (folder) => {
        const pair = usable ?? (await createEphemeralKey(folder))
        const keys = [...given.filter((each) => each !== pair), pair].flatMap((key) => key.publicKeys)
        return reserveAndRun(
          cli,
          context,
          { ...requestOf(options, keys), keepalive: KEEPALIVE },
          {
            words,
            tty,
            timeout,
            variables,
            identity: pair.identity,
            tunnel,
            hold: hold === undefined ? undefined : { duration: hold, isTemporary: usable === undefined },
          },
        )
      })
    })
}
