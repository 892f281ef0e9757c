import type { Command } from 'commander'
import { EXIT, Failure } from '../../failures.ts'
import { openTunnel } from '../../ssh/tunnel/connection.ts'
import { pump } from '../../ssh/tunnel/pump.ts'
import { type Cli, openContext } from '../../command-context.ts'

const ABOUT = `Connects stdin and stdout to the SSH server of a container of your active
reservation, through the manager. It is for the option ProxyCommand of ssh:
\`berth ssh --tunnel\`, \`berth ssh-config --tunnel\` and others write that for you.
ssh verifies the host key of the container as without it.

While the manager or the container cannot be reached, it tries again for 10 seconds.`

export function addProxy(program: Command, cli: Cli): void {
  program
    .command('proxy')
    .summary('connect to the SSH server of a container (for ProxyCommand)')
    .description(ABOUT)
    .argument('<name>', 'container')
    .action(async (container: string, _options: object, command: Command) => {
      const { url, token } = openContext(cli, command).settings
      if (cli.stdout.isTTY) {
        const advice = '`berth ssh --tunnel` logs in; as a ProxyCommand: ssh -o ProxyCommand="berth proxy NAME"'
        throw new Failure(EXIT.usage, 'stdout is a terminal: this command is for ssh, not for people', { advice })
      }
      await pump(await openTunnel({ url, token, container }), cli.stdin, cli.stdout)
    })
}
