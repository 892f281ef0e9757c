import { userInfo } from 'node:os'
import { join } from 'node:path'
import { Option, type Command } from 'commander'
import { type Cli, openContext, openOutput } from '../../command-context.ts'
import { type TunnelOption, withTunnelOption } from '../../options/tunnel-option.ts'
import { confirmOrFail } from '../../options/prompt.ts'
import type { Terminal } from '../../output/terminal.ts'
import { removeSshConfig } from '../../ssh/config/folder.ts'
import { includeLines, includes, install, uninstall } from '../../ssh/config/include.ts'
import { describeHosts } from '../../ssh/config/refresh.ts'

const ABOUT = `Prints your reserved containers as configuration of ssh. With it, ssh, scp, rsync, git and editors reach
them as NAME.berth, with the reservation's key and the container's own host key.

--install adds one Include to ~/.ssh/config, after it has shown the lines and asked. From then on, reserve, ls, extend
and release keep the configuration up to date: ssh alpine-1.berth.

With --tunnel, ssh connects through the manager. That also holds for later updates, until --no-tunnel.`

interface Options extends TunnelOption {
  readonly install?: boolean
  readonly remove?: boolean
  readonly yes?: boolean
}

export function addSshConfig(program: Command, cli: Cli): void {
  const about = 'print your containers for ssh, scp and rsync, or install that'
  withTunnelOption(program.command('ssh-config').summary(about).description(ABOUT))
    .option('--install', 'include it in ~/.ssh/config')
    .addOption(new Option('--remove', 'take it out of ~/.ssh/config again').conflicts('install'))
    .option('-y, --yes', 'with --install: do not ask')
    .action(async (options: Options, command: Command) => {
      const { stateDir, sshConfig } = cli.environment
      const { terminal, json } = openOutput(cli, command)
      if (options.remove) {
        const removed = uninstall(sshConfig)
        removeSshConfig(stateDir)
        if (json) return terminal.json({ file: sshConfig, removed })
        return terminal.say(removed ? `Removed from ${sshConfig}.` : `${sshConfig} does not include berth's hosts.`)
      }
      const { file, text, hosts } = await describeHosts(cli, openContext(cli, command), options.tunnel)
      const names = hosts.map(({ name }) => `${name}.berth`)
      if (!options.install) return json ? terminal.json({ file, hosts: names }) : terminal.lines(text)
      const lines = includeLines(stateDir)
      const added = !includes(sshConfig, lines)
      if (added) {
        if (!(await mayInstall(cli, terminal, lines, options))) return terminal.note('Nothing was changed.')
        install(sshConfig, lines)
      }
      if (json) return terminal.json({ file: sshConfig, added, hosts: names })
      terminal.say(added ? `Added to ${sshConfig}.` : `${sshConfig} includes berth's hosts already.`)
      noteOtherHome(terminal, sshConfig)
      if (names[0] !== undefined) terminal.say(`Log in: \`ssh ${names[0]}\`.`)
    })
}

/** Shows what is added, and asks. */
async function mayInstall(cli: Cli, terminal: Terminal, lines: string, { yes }: Options): Promise<boolean> {
  terminal.note(`These lines are added at the top of ${cli.environment.sshConfig}:`)
  for (const line of lines.trimEnd().split('\n')) terminal.note(`  ${line}`)
  if (yes) return true
  return confirmOrFail(cli, 'Add them?', '`berth ssh-config --install --yes` adds them without a question')
}

/** ssh takes the home from the user database, whatever HOME says. */
function noteOtherHome(terminal: Terminal, sshConfig: string): void {
  if (sshConfig === join(userInfo().homedir, '.ssh', 'config')) return
  terminal.note(`ssh reads another file, because HOME is set: name this one with ssh -F ${sshConfig}`)
}
