import type { Command } from 'commander'
import { splitAtDashes } from '../../options/arguments.ts'
import { logIn } from '../../ssh/login.ts'
import { chooseContainer } from '../../reservations/lookup.ts'
import { type SshOptions, withSshOptions } from '../../options/ssh-options.ts'
import { type Cli, openContext } from '../../command-context.ts'

const ABOUT = `Verifies the host key that the manager has read inside the container, then runs the system's ssh.

NAME is a container, the name of a reservation or the beginning of its id, a user name or a note; not needed if you have
only one reservation. web-2 is the second container of the reservation "web".

A command follows "--". One word is a command line for the remote shell; several words arrive as they are. The exit code
is the command's.`

export function addSsh(program: Command, cli: Cli): void {
  withSshOptions(program.command('ssh').summary('log in, or run a command'))
    .description(ABOUT)
    .usage('[options] [NAME] [-- COMMAND...]')
    .argument('[name]', 'container, reservation, user name or note')
    .argument('[command...]', 'what to run in the container, after "--"')
    .action(async (first: string | undefined, others: string[], options: SshOptions, command: Command) => {
      const { before, after } = splitAtDashes(cli.args, first === undefined ? [] : [first, ...others])
      const [name, ...words] = before
      const context = openContext(cli, command)
      const chosen = await chooseContainer(context.client, name)
      const { identity, sshOption = [], tunnel } = options
      await logIn(cli, context, { ...chosen, identity, options: sshOption, tunnel, command: [...words, ...after] })
    })
}
