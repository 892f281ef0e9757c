import type { Command } from 'commander'
import { answerOf, type Manager } from '../../../client/client.ts'
import { type Cli, openContext } from '../../command-context.ts'
import { formatDuration } from '../../output/format.ts'
import { short } from '../../reservations/lookup.ts'

export function addManagers(program: Command, cli: Cli): void {
  program
    .command('managers')
    .summary('show the managers of the database and the leader (admins)')
    .description('Shows the managers that serve the same database. The leader works on the containers.')
    .action(async (_options: object, command: Command) => {
      const { client, terminal, json } = openContext(cli, command)
      const answer = await answerOf(client.GET('/v1/managers'))
      if (json) return terminal.json(answer)
      const now = cli.clock()
      terminal.table<Manager>(
        [
          { title: 'MANAGER', of: ({ name }) => short(name) },
          { title: 'ADDRESS', of: ({ address }) => address },
          { title: 'VERSION', of: ({ version }) => version },
          { title: 'ROLE', of: roleOf, paint: (text, row) => terminal.paint(row.alive ? 'green' : 'red', text) },
          { title: 'STARTED', of: ({ started_at }) => agoOf(started_at, now), align: 'right' },
          { title: 'SEEN', of: ({ last_seen }) => agoOf(last_seen, now), align: 'right' },
          { title: 'CLOCK', of: ({ clock_offset_seconds }) => clockOf(clock_offset_seconds), align: 'right' },
        ],
        answer.managers,
      )
    })
}

function roleOf({ alive, leader }: Manager): string {
  if (!alive) return 'dead'
  return leader ? 'leader' : 'serves'
}

/** Returns an age that is never negative: the clocks of manager and command may differ. */
function agoOf(time: string, now: number): string {
  return `${formatDuration(Math.max(0, now - Date.parse(time)))} ago`
}

function clockOf(seconds: number): string {
  return `${seconds < 0 ? '' : '+'}${seconds.toFixed(3)} s`
}
