import type { Command } from 'commander'
import { parseTransfer } from '../../options/endpoints.ts'
import { type SshOptions, withSshOptions } from '../../options/ssh-options.ts'
import { type Cli, openContext } from '../../command-context.ts'
import { transfer } from '../../ssh/transfer.ts'

const ABOUT = `Copies files and folders into a container, or out of it, with the system's scp. The container's host key is
verified, as with \`berth ssh\`. A path in a container begins with NAME: (a container, a reservation, a user name or a
note), or with ":" if you have only one reservation; relative ones start from the home folder there.`

export function addCp(program: Command, cli: Cli): void {
  withSshOptions(program.command('cp').summary('copy files into or out of a container').description(ABOUT))
    .usage('[options] SOURCE... TARGET')
    .argument('<paths...>', 'paths; those in a container begin with NAME:')
    .action(async (paths: string[], options: SshOptions, command: Command) => {
      const wanted = parseTransfer(paths)
      await transfer(cli, openContext(cli, command), wanted, options, (sshOptions, { port, sources, target }) => ({
        program: 'scp',
        args: [...sshOptions, '-r', '-P', String(port), '--', ...sources, target],
      }))
    })
}
