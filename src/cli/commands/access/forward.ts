import { createInterface } from 'node:readline'
import type { Command } from 'commander'
import { type Forward, parseForwards } from '../../options/endpoints.ts'
import { type SshOptions, withSshOptions } from '../../options/ssh-options.ts'
import { withSshCommand } from '../../ssh/command.ts'
import { runSsh, untilEnd } from '../../ssh/external-commands.ts'
import { loginOf } from '../../ssh/login.ts'
import { explainEnd } from '../../reservations/explain-end.ts'
import { chooseContainer } from '../../reservations/lookup.ts'
import { type Cli, type CommandContext, openContext } from '../../command-context.ts'

const ABOUT = `Forwards ports of this machine to ports in a container, until Ctrl-C or the end of the reservation. Only
programs of this machine can connect. The container's host key is verified, as with \`berth ssh\`.

NAME is a container, a reservation, a user name or a note; not needed if you have only one reservation.`

/** Printed by ssh when all ports are bound. */
const READY = 'berth-forwards'

export function addForward(program: Command, cli: Cli): void {
  withSshOptions(program.command('forward').summary('forward ports to a container').description(ABOUT))
    .usage('[options] [NAME] LOCAL[:REMOTE]...')
    .argument('<target...>', 'container, reservation, user name or note, and ports')
    .action(async (words: string[], { identity, sshOption = [], tunnel }: SshOptions, command: Command) => {
      const { name, forwards } = parseForwards(words)
      const context = openContext(cli, command)
      const chosen = await chooseContainer(context.client, name)
      const sshOptions = [...optionsFor(forwards), ...sshOption]
      const login = loginOf(cli, context, { ...chosen, identity, options: sshOptions, tunnel })
      const interrupted = cli.interrupts.takeOver()
      process.exitCode = await withSshCommand(login, async (args) => {
        const run = runSsh(['-N', ...args], ['ignore', 'pipe', 'inherit'])
        const announced = announce(run.output, () => printForwards(context, forwards, login.container.name))
        const code = await untilEnd(run, interrupted)
        await announced
        return code
      })
      interrupted.throwIfAborted()
      await explainEnd(context, chosen.reservation.id)
    })
}

/** LocalCommand runs after the ports are bound. */
function optionsFor(forwards: readonly Forward[]): string[] {
  return [
    ...forwards.map(({ local, remote }) => `LocalForward=127.0.0.1:${local} localhost:${remote}`),
    'ExitOnForwardFailure=yes',
    'PermitLocalCommand=yes',
    `LocalCommand=echo ${READY}`,
    'ServerAliveInterval=15',
  ]
}

async function announce(output: NodeJS.ReadableStream | null, ready: () => void): Promise<void> {
  if (!output) return
  for await (const line of createInterface({ input: output })) if (line === READY) ready()
}

function printForwards({ terminal, json }: CommandContext, forwards: readonly Forward[], container: string): void {
  if (json) terminal.jsonLine({ container, forwards })
  else for (const { local, remote } of forwards) terminal.say(`localhost:${local} is port ${remote} of ${container}`)
  terminal.note('Ctrl-C ends this.')
}
