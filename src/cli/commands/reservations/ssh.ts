import type { Command } from 'commander'
import { collect } from '../../options/arguments.ts'
import { logIn } from '../../ssh/login.ts'
import { choose } from '../../reservations/lookup.ts'
import { type Cli, openContext } from '../../command-context.ts'

interface Options {
  readonly identity?: string
  readonly sshOption?: string[]
}

const ABOUT = `Verifies the host key that the manager has read inside the container, then runs the system's ssh.

NAME is a container, a reservation or the beginning of its id; not needed if you have only one reservation. One word
is a command line for the remote shell; several words arrive as they are. The exit code is the command's.`

export function addSsh(program: Command, cli: Cli): void {
  program
    .command('ssh')
    .summary('log in, or run a command')
    .description(ABOUT)
    .usage('[options] [NAME] [-- COMMAND...]')
    .argument('[name]', 'container or reservation')
    .argument('[command...]', 'what to run in the container')
    .option('-i, --identity <file>', 'private key (default: that of the reservation, if this machine has it)')
    .option('-o, --ssh-option <option>', 'option of ssh, such as "ForwardAgent=yes"; repeatable', collect)
    .action(async (name: string | undefined, words: string[], options: Options, command: Command) => {
      const context = openContext(cli, command)
      const chosen = await choose(context.client, name, ['active'])
      const { identity, sshOption = [] } = options
      await logIn(cli, context, { ...chosen, identity, options: sshOption, command: words })
    })
}
