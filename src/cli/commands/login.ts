import type { Command } from 'commander'
import { answerOf, openClient } from '../../client/client.ts'
import { type Cli, type GlobalOptions, openOutput } from '../command-context.ts'
import { readSecret } from '../options/prompt.ts'
import { readSettings, writeConfigFile } from '../options/settings.ts'

export function addLogin(program: Command, cli: Cli): void {
  program
    .command('login')
    .description('save a manager and a token, which is read from stdin, in the config file')
    .argument('[url]', 'URL of the manager')
    .action(async (argument: string | undefined, _options: object, command: Command) => {
      const { url } = readSettings(argument ?? command.optsWithGlobals<GlobalOptions>().url, cli.environment)
      const token = await readSecret(cli, 'Token')
      const me = await answerOf(openClient({ url, token }).GET('/v1/me'))
      writeConfigFile(cli.environment.configFile, { url, token })
      const { terminal } = openOutput(cli, command)
      terminal.say(`You are ${me.name} (${me.role}) at ${url}; saved in ${cli.environment.configFile}.`)
    })
}
