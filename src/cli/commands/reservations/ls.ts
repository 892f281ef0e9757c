import { Option, type Command } from 'commander'
import { answerOf, type BerthClient, type Reservation } from '../../../client/client.ts'
import { count, given } from '../../options/arguments.ts'
import { CURRENT, listReservations, mine, namesOf, short, type State } from '../../reservations/lookup.ts'
import { refreshSshConfig } from '../../ssh/config/refresh.ts'
import { type Cli, openContext } from '../../command-context.ts'
import type { Colour, Terminal } from '../../output/terminal.ts'
import { formatDuration, timeLeft } from '../../output/format.ts'
import { sshCommandOf } from '../../ssh/target.ts'

interface Options {
  readonly all?: boolean
  readonly everybody?: boolean
  readonly state?: State
  readonly pool?: string
  readonly user?: string
  readonly note?: string
  readonly limit: number
  readonly output?: 'wide'
}

interface WideRow {
  readonly reservation: Reservation
  readonly container: Reservation['containers'][number] | null
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
    .option('-n, --note <text>', 'only with this note')
    .option('-l, --limit <number>', 'with --all or --state: maximum number', count, 50)
    .addOption(new Option('-o, --output <format>', 'wide: a line for each container, with its login').choices(['wide']))
    .action(async (options: Options, command: Command) => {
      const context = openContext(cli, command)
      const { client, terminal, json } = context
      const found = await find(client, options)
      const { reservations } = found
      await refreshSshConfig(cli, context)
      if (json) return terminal.json(found)
      if (reservations.length === 0) return terminal.note('No reservations; `berth reserve` makes one.')
      if (options.output === 'wide') printWide(reservations, terminal, cli.clock())
      else printReservations(reservations, terminal, cli.clock())
    })
}

/** A page of the API, or everything with `next` null. */
interface Found {
  readonly reservations: readonly Reservation[]
  readonly next: string | null
}

async function find(client: BerthClient, options: Options): Promise<Found> {
  const { all, everybody, state, pool, user, note, limit } = options
  const owner = everybody ? {} : await mine(client)
  const filter = { ...owner, ...given({ pool, username: user }) }
  const past = all === true || state !== undefined
  if (past && note === undefined) {
    const query = { ...filter, limit: Math.min(limit, 500), ...given({ state }) }
    return answerOf(client.GET('/v1/reservations', { params: { query } }))
  }
  const states: readonly State[] = state ? [state] : all ? [...CURRENT, 'ended'] : CURRENT
  const found = await listReservations(client, states, filter)
  const noted = note === undefined ? found : found.filter((reservation) => reservation.note === note)
  return { reservations: past ? noted.slice(0, limit) : noted, next: null }
}

function printReservations(reservations: readonly Reservation[], terminal: Terminal, now: number): void {
  const hasNames = reservations.some(({ name }) => Boolean(name))
  const hasOwners = new Set(reservations.map((reservation) => reservation.owner)).size > 1
  terminal.table(
    [
      { title: 'ID', of: (row) => short(row.id) },
      ...(hasNames ? [{ title: 'NAME', of: (row: Reservation) => row.name ?? '' }] : []),
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

/** Prints a line for each container. None is cut, so that logins can be copied. */
function printWide(reservations: readonly Reservation[], terminal: Terminal, now: number): void {
  const rows = reservations.flatMap((reservation): WideRow[] =>
    reservation.containers.length === 0
      ? [{ reservation, container: null }]
      : reservation.containers.map((container) => ({ reservation, container })),
  )
  const isActive = ({ reservation }: WideRow) => reservation.state === 'active'
  const left = (row: WideRow, until: string | null) => (isActive(row) ? timeLeft(until, now) : '')
  terminal.table<WideRow>(
    [
      { title: 'ID', of: ({ reservation }) => short(reservation.id) },
      { title: 'NAME', of: ({ reservation }) => reservation.name ?? '' },
      {
        title: 'STATE',
        of: ({ reservation }) => stateOf(reservation),
        paint: (text, { reservation }) => terminal.paint(COLOURS[reservation.state], text),
      },
      {
        title: 'AGE',
        of: ({ reservation }) => formatDuration(now - Date.parse(reservation.created_at)),
        align: 'right',
      },
      { title: 'LEFT', of: (row) => left(row, row.reservation.expires_at), align: 'right' },
      { title: 'KEEPALIVE', of: (row) => left(row, row.reservation.keepalive_until), align: 'right' },
      { title: 'OWNER', of: ({ reservation }) => reservation.owner },
      { title: 'USER', of: ({ reservation }) => reservation.username },
      { title: 'POOL', of: ({ reservation }) => reservation.pool },
      { title: 'CONTAINER', of: ({ reservation, container }) => container?.name ?? `(${reservation.count})` },
      {
        title: 'LOGIN',
        of: (row) => (row.container && isActive(row) ? sshCommandOf(row.container, row.reservation.username) : ''),
      },
      { title: 'NOTE', of: ({ reservation }) => reservation.note ?? '' },
    ],
    rows,
    { cut: false },
  )
}

/** Returns the state, with the position in the queue or the outcome, and whether it is on hold. */
export function stateOf({ state, queue, outcome, held_at }: Reservation): string {
  if (state === 'active' && held_at) return 'active (on hold)'
  if (state === 'waiting' && queue) return `waiting (${queue.position})`
  return state === 'ended' && outcome !== null ? outcome : state
}
