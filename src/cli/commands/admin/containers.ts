import { type Command, Option } from 'commander'
import { answerOf, type Container } from '../../../client/client.ts'
import { given } from '../../options/arguments.ts'
import { withAdviceIfMissing } from '../../failures.ts'
import { short } from '../../reservations/lookup.ts'
import { type Cli, type CommandContext, openContext } from '../../command-context.ts'
import type { Colour } from '../../output/terminal.ts'
import { formatDuration } from '../../output/format.ts'

const COLOURS: Readonly<Record<Container['state'], Colour>> = {
  creating: 'yellow',
  ready: 'green',
  reserved: 'cyan',
  removing: 'yellow',
  broken: 'red',
  quarantined: 'red',
}

interface Options {
  readonly pool?: string
  readonly state?: Container['state']
}

const VERBS = [
  ['recycle', 'destroy a container and create the next generation; not while it is reserved'],
  ['quarantine', 'stop lending a container, and keep it as it is for inspection'],
  ['return', 'end a quarantine: the container is recycled and lent again'],
] as const

export function addContainers(program: Command, cli: Cli): void {
  const containers = program.command('containers').description('list, recycle and quarantine containers (admins)')
  containers
    .command('ls', { isDefault: true })
    .description('list containers and their errors')
    .option('-p, --pool <name>', 'only of this pool')
    .addOption(new Option('-s, --state <state>', 'only in this state').choices(Object.keys(COLOURS)))
    .action(async ({ pool, state }: Options, command: Command) => {
      const context = openContext(cli, command)
      const params = { query: given({ pool, state }) }
      const answer = await answerOf(context.client.GET('/v1/containers', { params }))
      if (context.json) return context.terminal.json(answer)
      show(context, answer.containers, cli.clock())
    })
  for (const [verb, about] of VERBS) {
    containers
      .command(verb)
      .description(about)
      .argument('<names...>')
      .action(async (names: string[], _options: object, command: Command) => {
        const { client, terminal, json } = openContext(cli, command)
        const changed: Container[] = []
        for (const name of names) {
          const answer = answerOf(client.POST(`/v1/containers/{name}/${verb}`, { params: { path: { name } } }))
          changed.push(await withAdviceIfMissing(answer, '`berth containers` lists the containers'))
        }
        if (json) return terminal.json({ containers: changed })
        for (const { name, state } of changed) terminal.say(`${name} is ${state}.`)
      })
  }
}

function errorOf({ error, attempts }: Container): string {
  if (error === null) return ''
  return attempts > 1 ? `${error} (${attempts} attempts failed)` : error
}

function show({ terminal }: CommandContext, containers: readonly Container[], now: number): void {
  terminal.table<Container>(
    [
      { title: 'CONTAINER', of: (row) => row.name },
      { title: 'STATE', of: (row) => row.state, paint: (text, row) => terminal.paint(COLOURS[row.state], text) },
      { title: 'AGE', of: (row) => formatDuration(now - Date.parse(row.since)), align: 'right' },
      { title: 'GENERATION', of: (row) => String(row.generation), align: 'right' },
      { title: 'PORT', of: (row) => String(row.port), align: 'right' },
      { title: 'RESERVATION', of: (row) => (row.reservation === null ? '' : short(row.reservation)) },
      { title: 'ERROR', of: errorOf },
    ],
    containers,
  )
}
