import { Option, type Command } from 'commander'
import { answerOf, type Reservation } from '../../../client/client.ts'
import { count, given } from '../../options/arguments.ts'
import { CURRENT, listReservations, mine, namesOf, short, type State } from '../../reservations/lookup.ts'
import { refreshSshConfig } from '../../ssh/config/refresh.ts'
import { type Cli, openContext } from '../../command-context.ts'
import type { Colour, Terminal } from '../../output/terminal.ts'
import { timeLeft } from '../../output/format.ts'

interface Options {
  readonly all?: boolean
  readonly everybody?: boolean
  readonly state?: State
  readonly pool?: string
  readonly user?: string
  readonly limit: number
}

export const COLOURS: Readonly<Record<State, Colour>> = {
  waiting: 'yellow',
  preparing: 'yellow',
  active: 'green',
  ending: 'yellow',
  ended: 'dim',
}

export function addLs(program: Command, cli: Cli): void {
  program
    .command('ls')
    .alias('list')
    .description('list your reservations')
    .option('-a, --all', 'include ended reservations, newest first')
    .option('-e, --everybody', 'reservations of all owners (admins)')
    .addOption(new Option('-s, --state <state>', 'only in this state').choices([...CURRENT, 'ended']))
    .option('-p, --pool <name>', 'only of this pool')
    .option('-u, --user <name>', 'only with this account')
    .option('-l, --limit <number>', 'with --all or --state: maximum number', count, 50)
    .action(async (options: Options, command: Command) => {
      const context = openContext(cli, command)
      const { client, terminal, json } = context
      const { all, everybody, state, pool, user, limit } = options
      const owner = everybody ? {} : await mine(client)
      const filter = { ...owner, ...given({ pool, username: user }) }
      const query = { ...filter, limit: Math.min(limit, 500), ...given({ state }) }
      const reservations =
        all || state
          ? (await answerOf(client.GET('/v1/reservations', { params: { query } }))).reservations
          : await listReservations(client, CURRENT, filter)
      await refreshSshConfig(cli, context)
      if (json) return terminal.json({ reservations })
      if (reservations.length === 0) return terminal.note('No reservations; `berth reserve` makes one.')
      printReservations(reservations, terminal, cli.clock())
    })
}

function printReservations(reservations: readonly Reservation[], terminal: Terminal, now: number): void {
  const hasOwners = new Set(reservations.map((reservation) => reservation.owner)).size > 1
  terminal.table(
    [
      { title: 'ID', of: (row) => short(row.id) },
      { title: 'STATE', of: stateOf, paint: (text, row) => terminal.paint(COLOURS[row.state], text) },
      { title: 'LEFT', of: (row) => (row.state === 'active' ? timeLeft(row.expires_at, now) : ''), align: 'right' },
      { title: 'USER', of: (row) => row.username },
      ...(hasOwners ? [{ title: 'OWNER', of: (row: Reservation) => row.owner }] : []),
      { title: 'POOL', of: (row) => row.pool },
      { title: 'CONTAINERS', of: (row) => namesOf(row) || `(${row.count})` },
      { title: 'NOTE', of: (row) => row.note ?? '' },
    ],
    reservations,
  )
}

/** Returns the state, with the position in the queue or the outcome. */
export function stateOf({ state, queue, outcome }: Reservation): string {
  if (state === 'waiting' && queue) return `waiting (${queue.position})`
  return state === 'ended' && outcome !== null ? outcome : state
}
