import type { Command } from 'commander'
import { EXIT, Failure } from '../../failures.ts'
import { openInEditor, sshSettings } from '../../ssh/external-commands.ts'
import { assertContainerName } from '../../ssh/target.ts'
import { loginOf } from '../../ssh/login.ts'
import { knownHostOf, type Login } from '../../ssh/command.ts'
import { type TunnelOption, withTunnelOption } from '../../options/tunnel-option.ts'
import { chooseContainer } from '../../reservations/lookup.ts'
import { type Cli, openContext } from '../../command-context.ts'

const ABOUT = `Opens a container in Visual Studio Code, with its extension Remote-SSH. Where there is no command \`code\`, or
with --print, it prints the vscode-remote:// address. The editor uses the system's ssh, which must know the container as
NAME.berth, with its host key: \`berth ssh-config --install\` arranges that. The host key is verified, as with \`berth ssh\`.`

interface Options extends TunnelOption {
  readonly print?: boolean
}

export function addCode(program: Command, cli: Cli): void {
  withTunnelOption(program.command('code').summary('open a container in Visual Studio Code').description(ABOUT))
    .argument('[name]', 'container, reservation, user name or note; not needed if you have only one')
    .argument('[folder]', 'folder in the container (default: the home folder)')
    .option('--print', 'only print the address')
    .action(async (name: string | undefined, folder: string | undefined, options: Options, command: Command) => {
      const context = openContext(cli, command)
      const { client, terminal, json } = context
      if (folder !== undefined && !folder.startsWith('/')) {
        throw new Failure(EXIT.usage, `the folder must begin with "/", not "${folder}"`)
      }
      const login = loginOf(cli, context, { ...(await chooseContainer(client, name)), tunnel: options.tunnel })
      await knownHostOf(login)
      const address = `vscode-remote://ssh-remote+${await knownHost(login)}${encodeURI(folder ?? `/home/${login.username}`)}`
      const isOpened = options.print === true ? false : await openInEditor(address)
      if (json) return terminal.json({ address, opened: isOpened })
      if (isOpened) terminal.say(`Opened ${address}.`)
      else terminal.say(address)
    })
}

/** Returns the name under which the system's ssh reaches this container, and accepts only a known host key. */
async function knownHost({ container, username, proxyCommand }: Login): Promise<string> {
  const { name, host, port } = container
  assertContainerName(name)
  const settings = await sshSettings(`${name}.berth`)
  const expected = { hostname: host.toLowerCase(), port: String(port), user: username }
  const isKnown = Object.entries(expected).every(([key, value]) => settings.get(key) === value)
  const isReached = proxyCommand === undefined || settings.has('proxycommand')
  if (isKnown && isReached && ['yes', 'true'].includes(settings.get('stricthostkeychecking') ?? ''))
    return `${name}.berth`
  const how = proxyCommand === undefined ? '' : ' --tunnel'
  const advice = `\`berth ssh-config --install${how}\` adds your containers to its configuration`
  const missing = how === '' ? 'its host key' : 'its host key and the way through the manager'
  throw new Failure(EXIT.failed, `ssh does not know ${name}.berth with ${missing}`, { advice })
}
