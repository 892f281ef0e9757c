import type { Command } from 'commander'
import { collect } from '../arguments.ts'
import { logIn } from '../log-in.ts'
import { choose } from '../reservations.ts'
import { type Cli, openSession } from '../session.ts'

interface Options {
  readonly identity?: string
  readonly sshOption?: string[]
}

const ABOUT = `Checks that the host key is the one that the manager has seen inside the container, then runs the system's ssh.

NAME is a container, a reservation or the beginning of its id; not needed when you have only one reservation. A command
that is one word goes to the shell over there as it is; several words arrive as they are. The exit code is the command's.`

export function addSsh(program: Command, cli: Cli): void {
  program
    .command('ssh')
    .summary('log in, or run a command')
    .description(ABOUT)
    .usage('[options] [NAME] [-- COMMAND...]')
    .argument('[name]', 'container or reservation')
    .argument('[command...]', 'what to run there')
    .option('-i, --identity <file>', 'private key (default: the one that it was reserved with, if it is known here)')
    .option('-o, --ssh-option <option>', 'for ssh, such as "ForwardAgent=yes"; can be repeated', collect)
    .action(async (name: string | undefined, words: string[], options: Options, command: Command) => {
      const session = openSession(cli, command)
      const chosen = await choose(session.client, name, ['active'])
      const { identity, sshOption = [] } = options
      await logIn(cli, session, { ...chosen, identity, options: sshOption, command: words })
    })
}
