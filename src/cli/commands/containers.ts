import { type Command, Option } from 'commander'
import { answerOf, type Container } from '../../client/client.ts'
import { short } from '../reservations.ts'
import { type Cli, openSession, type Session } from '../session.ts'
import { table } from '../table.ts'
import type { Colour } from '../terminal.ts'
import { roughly } from '../times.ts'

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

export function addContainers(program: Command, cli: Cli): void {
  const containers = program
    .command('containers')
    .description('list containers; put one away, or make it anew (admins)')
  containers
    .command('ls', { isDefault: true })
    .description('list them, and why one is not well')
    .option('-p, --pool <name>', 'only those of this pool')
    .addOption(new Option('-s, --state <state>', 'only those in this state').choices(Object.keys(COLOURS)))
    .action(async ({ pool, state }: Options, command: Command) => {
      const session = openSession(cli, command)
      const query = { ...(pool !== undefined && { pool }), ...(state && { state }) }
      const answer = await answerOf(session.client.GET('/v1/containers', { params: { query } }))
      if (session.json) return session.terminal.json(answer)
      show(session, answer.containers, cli.clock())
    })
  verb('recycle', 'destroy it and make the next one; not while it is reserved', (client, params) =>
    client.POST('/v1/containers/{name}/recycle', { params }),
  )
  verb('quarantine', 'stop lending it; it stays as it is, to be looked at', (client, params) =>
    client.POST('/v1/containers/{name}/quarantine', { params }),
  )
  verb('return', 'end the quarantine: it is made anew and lent again', (client, params) =>
    client.POST('/v1/containers/{name}/return', { params }),
  )

  function verb(
    name: string,
    about: string,
    ask: (
      client: Session['client'],
      params: { path: { name: string } },
    ) => Promise<{ data?: Container; response: Response }>,
  ): void {
    containers
      .command(name)
      .description(about)
      .argument('<names...>')
      .action(async (names: string[], _options: object, command: Command) => {
        const { client, terminal, json } = openSession(cli, command)
        const changed: Container[] = []
        for (const each of names) changed.push(await answerOf(ask(client, { path: { name: each } })))
        if (json) return terminal.json({ containers: changed })
        for (const { name: place, state } of changed) terminal.say(`${place} is ${state}.`)
      })
  }
}

function show({ terminal }: Session, containers: readonly Container[], now: number): void {
  const lines = table<Container>(
    [
      { title: 'CONTAINER', of: (row) => row.name },
      { title: 'STATE', of: (row) => row.state, paint: (text, row) => terminal.paint(COLOURS[row.state], text) },
      { title: 'SINCE', of: (row) => roughly(now - Date.parse(row.since)), align: 'right' },
      { title: 'GEN', of: (row) => String(row.generation), align: 'right' },
      { title: 'PORT', of: (row) => String(row.port), align: 'right' },
      { title: 'RESERVATION', of: (row) => (row.reservation === null ? '' : short(row.reservation)) },
      { title: 'WHY', of: (row) => (row.error === null ? '' : `${row.error} (${row.attempts})`) },
    ],
    containers,
    { width: terminal.width, title: (text) => terminal.paint('dim', text) },
  )
  for (const line of lines) terminal.say(line)
}
