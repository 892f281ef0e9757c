import type { Command } from 'commander'
import { isContainerName } from '../../../domain/text/foreign-text.ts'
import { EXIT, Failure } from '../../failures.ts'
import { openInEditor, sshSettings } from '../../ssh/external-commands.ts'
import { loginOf } from '../../ssh/login.ts'
import type { Login } from '../../ssh/command.ts'
import { verifiedHostKey } from '../../ssh/verify-host-key.ts'
import { chooseContainer } from '../../reservations/lookup.ts'
import { type Cli, openContext } from '../../command-context.ts'

const ABOUT = `Opens a container in Visual Studio Code, with its extension Remote-SSH. Where there is no command \`code\`, or
with --print, it prints the vscode-remote:// address. The editor uses the system's ssh, which must know the container as
NAME.berth, with its host key: \`berth ssh-config --install\` arranges that. The host key is verified, as with \`berth ssh\`.`

export function addCode(program: Command, cli: Cli): void {
  program
    .command('code')
    .summary('open a container in Visual Studio Code')
    .description(ABOUT)
    .argument('[name]', 'container, reservation, user name or note; not needed if you have only one')
    .argument('[folder]', 'folder in the container (default: the home folder)')
    .option('--print', 'only print the address')
    .action(async (name: string | undefined, folder: string | undefined, options: object, command: Command) => {
      const { client, terminal, json } = openContext(cli, command)
      if (folder !== undefined && !folder.startsWith('/')) {
        throw new Failure(EXIT.usage, `the folder must begin with "/", not "${folder}"`)
      }
      const login = loginOf(cli, await chooseContainer(client, name))
      await verifiedHostKey(login.container)
      const address = `vscode-remote://ssh-remote+${await knownHost(login)}${encodeURI(folder ?? `/home/${login.username}`)}`
      const isOpened = 'print' in options ? false : await openInEditor(address)
      if (json) return terminal.json({ address, opened: isOpened })
      if (isOpened) terminal.say(`Opened ${address}.`)
      else terminal.say(address)
    })
}

/** Returns the name under which the system's ssh reaches this container, and accepts only a known host key. */
async function knownHost({ container, username }: Login): Promise<string> {
  const { name, host, port } = container
  if (!isContainerName(name)) throw new Failure(EXIT.unreachable, `the manager sent the invalid name "${name}"`)
  const settings = await sshSettings(`${name}.berth`)
  const expected = { hostname: host.toLowerCase(), port: String(port), user: username }
  const isKnown = Object.entries(expected).every(([key, value]) => settings.get(key) === value)
  if (isKnown && ['yes', 'true'].includes(settings.get('stricthostkeychecking') ?? '')) return `${name}.berth`
  const advice = '`berth ssh-config --install` adds your containers to its configuration'
  throw new Failure(EXIT.failed, `ssh does not know ${name}.berth with its host key`, { advice })
}
