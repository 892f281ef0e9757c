import { type Command, Option } from 'commander'
import { answerOf, type Usage } from '../../client/client.ts'
import { timeOf } from '../arguments.ts'
import { type Cli, openSession } from '../session.ts'
import { table } from '../table.ts'
import { roughly } from '../times.ts'

interface Options {
  readonly from?: string
  readonly to?: string
  readonly by: Usage['by']
  readonly csv?: boolean
}

export function addUsage(program: Command, cli: Cli): void {
  program
    .command('usage')
    .description('show who had how much, for how long')
    .option('--from <time>', 'since when, such as 2026-11-01')
    .option('--to <time>', 'until when')
    .addOption(
      new Option('--by <what>', 'one line for each').choices(['user', 'username', 'pool', 'day']).default('user'),
    )
    .option('--csv', 'as the manager writes CSV')
    .action(async ({ from, to, by, csv }: Options, command: Command) => {
      const { client, terminal, json } = openSession(cli, command)
      const span = { ...(from !== undefined && { from: timeOf(from) }), ...(to !== undefined && { to: timeOf(to) }) }
      if (csv) {
        const params = { query: { ...span, by, format: 'csv' as const } }
        const call = client.GET('/v1/usage', { params, headers: { accept: 'text/csv' }, parseAs: 'text' })
        const { text } = await answerOf(call.then(({ data, ...rest }) => ({ ...rest, data: { text: String(data) } })))
        return terminal.raw(text)
      }
      const usage = await answerOf(client.GET('/v1/usage', { params: { query: { ...span, by } } }))
      if (json) return terminal.json(usage)
      const lines = table(
        [
          { title: by.toUpperCase(), of: (row) => row.key },
          { title: 'RESERVATIONS', of: (row) => String(row.reservations), align: 'right' },
          { title: 'CONTAINER HOURS', of: (row) => (row.container_minutes / 60).toFixed(1), align: 'right' },
          { title: 'WAITED', of: (row) => `${row.waits}`, align: 'right' },
          { title: 'IN THE QUEUE', of: (row) => roughly(row.wait_seconds * 1000), align: 'right' },
        ],
        usage.rows,
        { width: terminal.width, title: (text) => terminal.paint('dim', text) },
      )
      for (const line of lines) terminal.say(line)
      terminal.note(`From ${usage.from} to ${usage.to}.`)
    })
}
