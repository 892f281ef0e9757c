import type { Command } from 'commander'
import { answerOf } from '../../../client/client.ts'
import { duration, parseTime } from '../../options/arguments.ts'
import { EXIT, Failure } from '../../failures.ts'
import { choose } from '../../reservations/lookup.ts'
import { refreshSshConfig } from '../../ssh/config/refresh.ts'
import { type Cli, openContext } from '../../command-context.ts'
import { formatTime, timeLeft } from '../../output/format.ts'

export function addExtend(program: Command, cli: Cli): void {
  program
    .command('extend')
    .description('extend a reservation; never shortens it')
    .argument('[name]', 'reservation or container; not needed if you have only one')
    .option('-b, --by <duration>', 'how much longer, such as 30m', duration)
    .option('-t, --to <time>', 'new end, such as 2026-11-24T18:00:00Z')
    .action(async (name: string | undefined, { by, to }: { by?: string; to?: string }, command: Command) => {
      const context = openContext(cli, command)
      const { client, terminal, json } = context
      if ((by === undefined) === (to === undefined)) {
        throw new Failure(EXIT.usage, 'give exactly one of --by and --to', { advice: '`berth extend --by 30m`' })
      }
      const body = to === undefined ? { extend: by ?? '' } : { expires_at: parseTime(to) }
      const { reservation } = await choose(client, name, ['active'])
      const params = { path: { id: reservation.id } }
      const extended = await answerOf(client.PATCH('/v1/reservations/{id}', { params, body }))
      await refreshSshConfig(cli, context)
      if (json) return terminal.json(extended)
      const { expires_at, clamped } = extended
      const now = cli.clock()
      if (clamped !== null) terminal.note(`Not as requested: ${clamped}.`)
      if (expires_at !== null) terminal.say(`Until ${formatTime(expires_at, now)} (${timeLeft(expires_at, now)}).`)
    })
}
