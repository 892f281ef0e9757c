import { Option, type Command } from 'commander'
import { answerOf, type Reservation } from '../../client/client.ts'
import { count } from '../arguments.ts'
import { CURRENT, listReservations, mine, namesOf, short, type State } from '../reservations.ts'
import { type Cli, openSession } from '../session.ts'
import { table } from '../table.ts'
import type { Colour, Terminal } from '../terminal.ts'
import { left } from '../times.ts'

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
    .option('-a, --all', 'ended ones too, newest first')
    .option('-e, --everybody', "not only one's own (admins)")
    .addOption(new Option('-s, --state <state>', 'only those in this state').choices([...CURRENT, 'ended']))
    .option('-p, --pool <name>', 'only those of this pool')
    .option('-u, --user <name>', 'only those with this account')
    .option('-l, --limit <number>', 'with --all or --state: how many at most', count, 50)
    .action(async (options: Options, command: Command) => {
      const { client, terminal, json } = openSession(cli, command)
      const { all, everybody, state, pool, user, limit } = options
      const owner = everybody ? {} : await mine(client)
      const filter = { ...owner, ...(pool !== undefined && { pool }), ...(user !== undefined && { username: user }) }
      const some = all === true || state !== undefined
      const query = { ...filter, limit: Math.min(limit, 500), ...(state && { state }) }
      const reservations = some
        ? (await answerOf(client.GET('/v1/reservations', { params: { query } }))).reservations
        : await listReservations(client, CURRENT, filter)
      if (json) return terminal.json({ reservations })
      if (reservations.length === 0) return terminal.note('No reservations; `berth reserve` makes one.')
      for (const line of rows(reservations, terminal, cli.clock())) terminal.say(line)
    })
}

function rows(reservations: readonly Reservation[], terminal: Terminal, now: number): string[] {
  const owners = new Set(reservations.map((reservation) => reservation.owner)).size > 1
  return table(
    [
      { title: 'ID', of: (row) => short(row.id) },
      { title: 'STATE', of: stateOf, paint: (text, row) => terminal.paint(COLOURS[row.state], text) },
      { title: 'LEFT', of: (row) => (row.state === 'active' ? left(row.expires_at, now) : ''), align: 'right' },
      { title: 'USER', of: (row) => row.username },
      ...(owners ? [{ title: 'OWNER', of: (row: Reservation) => row.owner }] : []),
      { title: 'POOL', of: (row) => row.pool },
      { title: 'CONTAINERS', of: (row) => namesOf(row) || `(${row.count})` },
      { title: 'NOTE', of: (row) => row.note ?? '' },
    ],
    reservations,
    { width: terminal.width, title: (text) => terminal.paint('dim', text) },
  )
}

/** With what is worth knowing beside it: the place in the queue, how it ended. */
export function stateOf({ state, queue, outcome }: Reservation): string {
  if (state === 'waiting' && queue) return `waiting (${queue.position})`
  return state === 'ended' && outcome !== null ? outcome : state
}
