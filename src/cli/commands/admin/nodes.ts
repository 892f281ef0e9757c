import type { Command } from 'commander'
import { answerOf, type EngineNode, type HeldReservation } from '../../../client/client.ts'
import { type Cli, openContext } from '../../command-context.ts'
import { formatDuration, timeLeft } from '../../output/format.ts'
import type { Colour, Terminal } from '../../output/terminal.ts'
import { short } from '../../reservations/lookup.ts'

const ONE_MACHINE = 'The engine is one machine, so there are no nodes to list.'

export function addNodes(program: Command, cli: Cli): void {
  program
    .command('nodes')
    .summary('show the nodes of the engine, and what is on them (admins)')
    .description(
      'Shows the nodes of the engine, how many containers are on each, and which reservations\n' +
        'unreachable and cordoned nodes hold.',
    )
    .action(async (_options: object, command: Command) => {
      const { client, terminal, json } = openContext(cli, command)
      const answer = await answerOf(client.GET('/v1/nodes'))
      if (json) return terminal.json(answer)
      if (!answer.cluster) return terminal.say(ONE_MACHINE)
      const now = cli.clock()
      showNodes(terminal, answer.nodes, now)
      showHeld(terminal, answer.nodes, now)
    })
}

function showNodes(terminal: Terminal, nodes: readonly EngineNode[], now: number): void {
  terminal.table<EngineNode>(
    [
      { title: 'NODE', of: ({ name }) => name },
      {
        title: 'STATE',
        of: (node) => stateOf(node, now),
        paint: (text, node) => terminal.paint(colourOf(node), text),
      },
      { title: 'READY', of: ({ containers }) => String(containers['ready'] ?? 0), align: 'right' },
      { title: 'RESERVED', of: ({ containers }) => String(containers['reserved'] ?? 0), align: 'right' },
      { title: 'OTHERS', of: others },
      { title: 'ROOM', of: roomOf },
      { title: 'LABELS', of: labelsOf },
    ],
    nodes,
  )
}

interface Held extends HeldReservation {
  readonly node: string
}

/** Shows which reservations unreachable and cordoned nodes hold. */
function showHeld(terminal: Terminal, nodes: readonly EngineNode[], now: number): void {
  const held = nodes.flatMap(({ name, reservations }): Held[] =>
    (reservations ?? []).map((reservation) => ({ ...reservation, node: name })),
  )
  if (held.length === 0) return
  terminal.say('')
  terminal.table<Held>(
    [
      { title: 'HELD ON', of: ({ node }) => node },
      { title: 'RESERVATION', of: ({ id }) => short(id) },
      { title: 'OWNER', of: ({ owner }) => owner },
      { title: 'ACCOUNT', of: ({ username }) => username },
      { title: 'LEFT', of: ({ expires_at }) => timeLeft(expires_at, now), align: 'right' },
      { title: 'CONTAINERS', of: ({ containers }) => containers.join(', ') },
    ],
    held,
  )
}

function stateOf({ reachable, unreachable_since: since, cordoned }: EngineNode, now: number): string {
  const age = since === null ? '' : ` for ${formatDuration(Math.max(0, now - Date.parse(since)))}`
  return [reachable ? 'reachable' : `unreachable${age}`, ...(cordoned ? ['cordoned'] : [])].join(', ')
}

function colourOf({ reachable, cordoned }: EngineNode): Colour {
  if (!reachable) return 'red'
  return cordoned ? 'yellow' : 'green'
}

function others({ containers }: EngineNode): string {
  return Object.entries(containers)
    .flatMap(([state, count]) => (count > 0 && state !== 'ready' && state !== 'reserved' ? [`${count} ${state}`] : []))
    .join(', ')
}

function roomOf({ room }: EngineNode): string {
  if (room === null) return ''
  const { cpus, memory_bytes: memory, containers } = room
  return `${Number(cpus.toFixed(2))} CPU, ${(memory / 2 ** 30).toFixed(1)} GiB, ${containers} pods`
}

function labelsOf({ labels }: EngineNode): string {
  return Object.entries(labels)
    .map(([key, value]) => (value === '' ? key : `${key}=${value}`))
    .join(', ')
}
