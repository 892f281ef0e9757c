import type { Command } from 'commander'
import { splitAtDashes } from '../../options/arguments.ts'
import { parseTransfer } from '../../options/endpoints.ts'
import { type SshOptions, withSshOptions } from '../../options/ssh-options.ts'
import { type Cli, openContext } from '../../command-context.ts'
import { rsyncShell, transfer } from '../../ssh/transfer.ts'

const ABOUT = `Makes a folder in a container like one on this machine, or the other way round, with the system's rsync:
only what differs is copied. Both sides need rsync. The container's host key is verified, as with \`berth ssh\`.

A path in a container begins with NAME: (a container, a reservation, a user name or a note), or with ":" if you have
only one reservation. A folder with "/" at its end means its contents. What follows "--" are options of rsync.`

export function addSync(program: Command, cli: Cli): void {
  withSshOptions(program.command('sync').summary('copy what differs, with rsync').description(ABOUT))
    .usage('[options] SOURCE... TARGET [-- RSYNC-OPTIONS...]')
    .argument('<paths...>', 'paths; those in a container begin with NAME:')
    .action(async (given: string[], options: SshOptions, command: Command) => {
      const { before, after } = splitAtDashes(cli.args, given)
      const wanted = parseTransfer(before)
      const context = openContext(cli, command)
      await transfer(cli, context, wanted, options, (sshOptions, { port, sources, target }) => ({
        program: 'rsync',
        args: ['-az', '-e', rsyncShell(['ssh', ...sshOptions, '-p', String(port)]), ...after, '--', ...sources, target],
      }))
      // 12: rsync could not talk to the other side; 127: the shell there found no rsync.
      if (process.exitCode === 12 || process.exitCode === 127) {
        context.terminal.note(
          'berth: rsync must be installed in the container, too, such as by `apt-get install rsync`',
        )
      }
    })
}
