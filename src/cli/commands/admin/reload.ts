import type { Command } from 'commander'
import { answerOf } from '../../../client/client.ts'
import { type Cli, openContext } from '../../command-context.ts'

export function addReload(program: Command, cli: Cli): void {
  program
    .command('reload')
    .description(
      'make the manager apply its berth.yml without a restart (admins)\n\n' +
        'All or nothing: while the file has a problem, or changes a setting that only a restart applies, nothing is\n' +
        'applied, and every problem is listed. Reservations go on.',
    )
    .action(async (_options: object, command: Command) => {
      const { client, terminal, json } = openContext(cli, command)
      const answer = await answerOf(client.POST('/v1/reload'))
      if (json) return terminal.json(answer)
      if (answer.changes.length === 0) return terminal.say('Reloaded; nothing in berth.yml has changed.')
      terminal.say('Reloaded:')
      for (const { description } of answer.changes) terminal.say(`  ${description}`)
    })
}
