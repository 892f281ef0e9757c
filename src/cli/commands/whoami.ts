import type { Command } from 'commander'
import { answerOf, openClient } from '../../client/client.ts'
import { readSettings, writeConfigFile } from '../settings.ts'
import { type Cli, openSession, terminalOf } from '../session.ts'
import { readSecret } from '../secret.ts'
import { left } from '../times.ts'
import { limitsOf } from './token.ts'

export function addWhoami(program: Command, cli: Cli): void {
  program
    .command('login')
    .description('remember a manager and a token, which is read from stdin, in the config file')
    .argument('[url]', 'address of the manager')
    .action(async (argument: string | undefined, _options: object, command: Command) => {
      const { url } = readSettings(argument ?? command.optsWithGlobals<{ url?: string }>().url, cli.environment)
      const token = await readSecret(cli, 'Token')
      const me = await answerOf(openClient({ url, token }).GET('/v1/me'))
      writeConfigFile(cli.environment.configFile, { url, token })
      terminalOf(cli, command).say(`You are ${me.name} (${me.role}) at ${url}; kept in ${cli.environment.configFile}.`)
    })

  program
    .command('whoami')
    .description('show who you are to the manager, and what you may have')
    .action(async (_options: object, command: Command) => {
      const { client, settings, terminal, json } = openSession(cli, command)
      const me = await answerOf(client.GET('/v1/me'))
      if (json) return terminal.json(me)
      const { name, role, auth, expires_at, limits, containers_held } = me
      const how = auth === 'none' ? 'no token needed' : auth
      const fields: readonly (readonly [string, string])[] = [
        ['manager', settings.url],
        ['you', `${name}, ${role} (${how})`],
        ['expires', expires_at === null ? '' : `in ${left(expires_at, cli.clock())}`],
        ['containers', `${containers_held}`],
        ['limits', limitsOf(limits) || 'those of the pools'],
      ]
      for (const [label, value] of fields)
        if (value !== '') terminal.say(`${terminal.paint('dim', label.padEnd(12))}${value}`)
    })
}
