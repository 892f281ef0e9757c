import type { Command } from 'commander'
import { answerOf, openClient } from '../../client/client.ts'
import { readSettings, writeConfigFile } from '../options/settings.ts'
import { type Cli, type GlobalOptions, openAnswer, openSession } from '../session.ts'
import { readSecret } from '../options/prompt.ts'
import { timeLeft } from '../output/format.ts'
import { limitsOf } from './admin/token.ts'

export function addWhoami(program: Command, cli: Cli): void {
  program
    .command('login')
    .description('save a manager and a token, which is read from stdin, in the config file')
    .argument('[url]', 'URL of the manager')
    .action(async (argument: string | undefined, _options: object, command: Command) => {
      const { url } = readSettings(argument ?? command.optsWithGlobals<GlobalOptions>().url, cli.environment)
      const token = await readSecret(cli, 'Token')
      const me = await answerOf(openClient({ url, token }).GET('/v1/me'))
      writeConfigFile(cli.environment.configFile, { url, token })
      const { terminal } = openAnswer(cli, command)
      terminal.say(`You are ${me.name} (${me.role}) at ${url}; saved in ${cli.environment.configFile}.`)
    })

  program
    .command('whoami')
    .description('show your name, role and limits')
    .action(async (_options: object, command: Command) => {
      const { client, settings, terminal, json } = openSession(cli, command)
      const me = await answerOf(client.GET('/v1/me'))
      if (json) return terminal.json(me)
      const { name, role, auth, expires_at, limits, containers_held } = me
      const how = auth === 'none' ? 'no token needed' : auth
      const fields = [
        ['manager', settings.url],
        ['you', `${name}, ${role} (${how})`],
        ['expires', expires_at === null ? null : `in ${timeLeft(expires_at, cli.clock())}`],
        ['containers', `${containers_held}`],
        ['limits', limitsOf(limits) || 'those of the pools'],
      ] as const
      terminal.fields(fields, 12)
    })
}
