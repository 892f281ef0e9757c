import { type Command, Option } from 'commander'
import { answerOf, type Event, type EventFilter } from '../../../client/client.ts'
import { eventsBetween, type Span } from '../../../client/event-search.ts'
import { followEvents } from '../../../client/events.ts'
import { reasonOf } from '../../../domain/errors.ts'
import { EXIT, Failure } from '../../failures.ts'
import { count, given, parseTime } from '../../options/arguments.ts'
import { choose, short } from '../../reservations/lookup.ts'
import { type Cli, type CommandContext, openContext } from '../../command-context.ts'
import { formatTime } from '../../output/format.ts'

const PAGE_SIZE = 1_000
/** Number of past events that are printed without --limit. */
const DEFAULT_LIMIT = 20
/** Options that cannot be combined with --from and --to. */
const OTHER_RANGES = ['after', 'follow', 'limit']

interface EventPage {
  readonly events: readonly Event[]
  readonly next: number | null
}

interface Options {
  readonly follow?: boolean
  readonly after?: number
  readonly from?: string
  readonly to?: string
  readonly limit?: number
  readonly kind?: EventFilter['kind']
  readonly pool?: string
  readonly container?: string
  readonly reservation?: string
}

const ABOUT = `Prints the latest events, oldest first; with --json one per line. -f follows new events. After a broken
connection it goes on without losing or repeating any. --from and --to print all events of a span of time.`

export function addEvents(program: Command, cli: Cli): void {
  program
    .command('events')
    .summary('show past events, or follow new ones')
    .description(ABOUT)
    .option('-f, --follow', 'follow new events')
    .option('--after <id>', 'only after this event', count)
    .option('-l, --limit <number>', `number of past events (default: ${DEFAULT_LIMIT})`, count)
    .addOption(
      new Option('--from <time>', 'all events since this time, such as 2026-11-24T18:00').conflicts(OTHER_RANGES),
    )
    .addOption(new Option('--to <time>', 'all events before this time').conflicts(OTHER_RANGES))
    .option('--kind <kind>', 'only of this kind, such as reservation.active')
    .option('--pool <name>', 'only of this pool')
    .option('--container <name>', 'only of this container')
    .option('--reservation <id>', 'only of this reservation')
    .action(async (options: Options, command: Command) => {
      const context = openContext(cli, command)
      const { follow, after, from, to, limit = DEFAULT_LIMIT } = options
      const span = spanOf(from, to)
      const filter = await filterOf(context, options)
      const show = (event: Event) => printEvent(context, event, cli.clock())
      if (from !== undefined || to !== undefined) {
        for await (const event of eventsBetween(context.client, filter, span)) show(event)
        return
      }
      const past = await latest(context, filter, after ?? 0, limit)
      for (const event of past) show(event)
      if (!follow) return
      const last = past.at(-1)?.id ?? after ?? 0
      const onBroken = (error: unknown) => context.terminal.note(`berth: ${reasonOf(error)}; trying again`)
      const following = { ...filter, after: last, onBroken }
      for await (const event of followEvents(context.client, following)) show(event)
    })
}

function spanOf(from: string | undefined, to: string | undefined): Span {
  const span = {
    from: from === undefined ? 0 : Date.parse(parseTime(from)),
    to: to === undefined ? Number.POSITIVE_INFINITY : Date.parse(parseTime(to)),
  }
  if (span.from < span.to) return span
  const advice = 'give an earlier --from or a later --to'
  throw new Failure(EXIT.usage, `--from must be before --to, got "${from}" and "${to}"`, { advice })
}

async function filterOf({ client }: CommandContext, options: Options): Promise<EventFilter> {
  const { kind, pool, container, reservation } = options
  // The API takes only a whole id.
  const id = reservation === undefined ? undefined : (await choose(client, reservation)).reservation.id
  return given({ kind, pool, container, reservation: id })
}

async function latest({ client }: CommandContext, filter: EventFilter, after: number, most: number): Promise<Event[]> {
  if (most <= PAGE_SIZE) {
    const page = await answerOf(client.GET('/v1/events', { params: { query: { ...filter, after, tail: most } } }))
    return page.events
  }
  const kept: Event[] = []
  for (let next: number | null = after; next !== null; ) {
    const query = { ...filter, after: next, limit: PAGE_SIZE }
    const page: EventPage = await answerOf(client.GET('/v1/events', { params: { query } }))
    kept.push(...page.events)
    kept.splice(0, Math.max(0, kept.length - most))
    next = page.next
  }
  return kept
}

function printEvent({ terminal, json }: CommandContext, event: Event, now: number): void {
  if (json) {
    terminal.jsonLine(event)
    return
  }
  const { at, kind, by, container, reservation, username, pool, detail } = event
  const about = [
    container ?? (reservation === null ? pool : null),
    reservation === null ? null : short(reservation),
    username,
    detail,
    by === 'berth' ? null : `by ${by}`,
  ]
  const colour = kind.startsWith('reservation') ? 'green' : kind.startsWith('container') ? 'cyan' : 'yellow'
  const words = about.filter((word) => word !== null && word !== '')
  const time = terminal.paint('dim', formatTime(at, now, 'seconds'))
  terminal.say(`${time}  ${terminal.paint(colour, kind.padEnd(23))}  ${words.join('  ')}`.trimEnd())
}
