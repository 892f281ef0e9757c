import type { Command } from 'commander'
import { answerOf, type Event, type EventFilter } from '../../client/client.ts'
import { followEvents } from '../../client/events.ts'
import { count } from '../arguments.ts'
import { choose, short } from '../reservations.ts'
import { type Cli, openSession, type Session } from '../session.ts'
import { printable } from '../terminal.ts'
import { clockTime } from '../times.ts'

const PAGE = 1_000

interface EventPage {
  readonly events: readonly Event[]
  readonly next: number | null
}

interface Options {
  readonly follow?: boolean
  readonly after?: number
  readonly limit: number
  readonly kind?: EventFilter['kind']
  readonly pool?: string
  readonly container?: string
  readonly reservation?: string
}

const ABOUT = `The latest events, oldest first; with --json one a line. -f goes on with what happens from now on, and comes back after a
broken connection without losing or repeating any.`

export function addEvents(program: Command, cli: Cli): void {
  program
    .command('events')
    .summary('show what happened, or what happens')
    .description(ABOUT)
    .option('-f, --follow', 'go on with what happens from now on')
    .option('--after <id>', 'only those after this event', count)
    .option('-l, --limit <number>', 'the latest of the past', count, 20)
    .option('--kind <kind>', 'only these, such as reservation.active')
    .option('--pool <name>', 'only of this pool')
    .option('--container <name>', 'only of this container')
    .option('--reservation <id>', 'only of this reservation')
    .action(async (options: Options, command: Command) => {
      const session = openSession(cli, command)
      const { follow, after, limit } = options
      const filter = await filterOf(session, options)
      const show = (event: Event) => tell(session, event, cli.clock())
      const past = await latest(session, filter, after ?? 0, limit)
      for (const event of past) show(event)
      if (!follow) return
      const last = past.at(-1)?.id ?? after ?? 0
      const onBroken = (error: unknown) => session.terminal.note(`berth: ${reasonOf(error)}; trying again`)
      const following = { ...filter, after: last, onBroken }
      for await (const event of followEvents(session.client, following)) show(event)
    })
}

async function filterOf({ client }: Session, options: Options): Promise<EventFilter> {
  const { kind, pool, container, reservation } = options
  // The API wants a whole id; of what has not ended, a part of it will do here.
  const id = reservation === undefined ? undefined : (await choose(client, reservation)).reservation.id
  return {
    ...(kind !== undefined && { kind }),
    ...(pool !== undefined && { pool }),
    ...(container !== undefined && { container }),
    ...(id !== undefined && { reservation: id }),
  }
}

async function latest({ client }: Session, filter: EventFilter, after: number, most: number): Promise<Event[]> {
  if (most <= PAGE) {
    const page = await answerOf(client.GET('/v1/events', { params: { query: { ...filter, after, tail: most } } }))
    return page.events
  }
  const kept: Event[] = []
  for (let next: number | null = after; next !== null; ) {
    const query = { ...filter, after: next, limit: PAGE }
    const page: EventPage = await answerOf(client.GET('/v1/events', { params: { query } }))
    kept.push(...page.events)
    kept.splice(0, Math.max(0, kept.length - most))
    next = page.next
  }
  return kept
}

function tell({ terminal, json }: Session, event: Event, now: number): void {
  if (json) {
    terminal.say(JSON.stringify(event))
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
  const words = about.filter((word) => word !== null && word !== '').map((word) => printable(word ?? ''))
  const time = terminal.paint('dim', clockTime(at, now, 'seconds'))
  terminal.say(`${time}  ${terminal.paint(colour, printable(kind).padEnd(23))}  ${words.join('  ')}`.trimEnd())
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
