import { type Command, Option } from 'commander'
import { answerOf, type Usage } from '../../../client/client.ts'
import { given, parseTime } from '../../options/arguments.ts'
import { type Cli, openContext } from '../../command-context.ts'
import { formatDuration } from '../../output/format.ts'

interface Options {
  readonly from?: string
  readonly to?: string
  readonly by: Usage['by']
  readonly csv?: boolean
}

export function addUsage(program: Command, cli: Cli): void {
  program
    .command('usage')
    .description('show how much was used, and by whom')
    .option('--from <time>', 'start, such as 2026-11-01')
    .option('--to <time>', 'end')
    .addOption(new Option('--by <what>', 'group by').choices(['user', 'username', 'pool', 'day']).default('user'))
    .option('--csv', 'print CSV')
    .action(async ({ from, to, by, csv }: Options, command: Command) => {
      const { client, terminal, json } = openContext(cli, command)
      const span = given({ from: from && parseTime(from), to: to && parseTime(to) })
      if (csv) {
        const params = { query: { ...span, by, format: 'csv' as const } }
        const call = client.GET('/v1/usage', { params, headers: { accept: 'text/csv' }, parseAs: 'text' })
        const { text } = await answerOf(call.then(({ data, ...rest }) => ({ ...rest, data: { text: String(data) } })))
        return terminal.lines(text)
      }
      const usage = await answerOf(client.GET('/v1/usage', { params: { query: { ...span, by } } }))
      if (json) return terminal.json(usage)
      terminal.table(
        [
          { title: by.toUpperCase(), of: (row) => row.key },
          { title: 'RESERVATIONS', of: (row) => String(row.reservations), align: 'right' },
          { title: 'CONTAINER HOURS', of: (row) => (row.container_minutes / 60).toFixed(1), align: 'right' },
          { title: 'WAITED', of: (row) => `${row.waits}`, align: 'right' },
          { title: 'IN THE QUEUE', of: (row) => formatDuration(row.wait_seconds * 1000), align: 'right' },
        ],
        usage.rows,
      )
      terminal.note(`From ${usage.from} to ${usage.to}.`)
    })
}
