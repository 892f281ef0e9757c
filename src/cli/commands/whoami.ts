import type { Command } from 'commander'
import { answerOf } from '../../client/client.ts'
import { type Cli, openContext } from '../command-context.ts'
import { timeLeft } from '../output/format.ts'
import { limitsOf } from './admin/token.ts'

export function addWhoami(program: Command, cli: Cli): void {
  program
    .command('whoami')
    .description('show your name, role and limits')
    .action(async (_options: object, command: Command) => {
      const { client, settings, terminal, json } = openContext(cli, command)
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
