import type { Command } from 'commander'
import { answerOf, type Token, type WantedToken } from '../../client/client.ts'
import { collect, count, duration, timeOf } from '../arguments.ts'
import { counted } from '../counted.ts'
import { EXIT, Failure } from '../failures.ts'
import { readSettings } from '../settings.ts'
import { type Cli, type GlobalOptions, openSession, terminalOf } from '../session.ts'
import { table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { clockTime, left, roughly } from '../times.ts'

const ABOUT = `API tokens, for admins. Asks the manager that --url, BERTH_URL or the config file names. When none of them does, or with
--offline, it works on the database of berth.yml on this machine, with or without a manager.`

interface Wanted {
  readonly name: string
  readonly admin?: boolean
  readonly expires?: string
  readonly containers?: number
  readonly duration?: string
  readonly pool?: string[]
}

/** The same verbs over the API and on the database. */
interface Tokens {
  list(): Promise<readonly Token[]>
  create(wanted: WantedToken): Promise<Token & { readonly token: string }>
  remove(id: string): Promise<void>
}

export function addToken(program: Command, cli: Cli): void {
  const token = program
    .command('token')
    .summary('make, list and remove API tokens')
    .description(ABOUT)
    .option('--offline', 'on the database of berth.yml, whatever manager is named')

  token
    .command('create')
    .description('make one; it is shown only now')
    .requiredOption('--name <name>', 'whom it is for: who has a token of a name owns what was reserved with that name')
    .option('--admin', 'may do everything, with everybody’s reservations')
    .option('--expires <when>', 'a duration such as 90d, or a time (default: never)')
    .option('--containers <number>', 'how many it may hold at once', count)
    .option('--duration <duration>', 'how long a reservation may last, such as 8h', duration)
    .option('--pool <name>', 'that it may reserve of; can be repeated (default: all)', collect)
    .action(async (options: Wanted, command: Command) => {
      const made = await (await openTokens(cli, command)).create(wantedOf(options))
      const terminal = terminalOf(cli, command)
      if (isJson(command)) return terminal.json(made)
      // The token alone on stdout, so that TOKEN=$(berth token create …) has it.
      terminal.note(`A token for ${made.name} (${made.role}), shown only now:`)
      terminal.say(made.token)
    })

  token
    .command('ls')
    .description('list them, without their secrets')
    .action(async (_options: object, command: Command) => {
      const tokens = await (await openTokens(cli, command)).list()
      const terminal = terminalOf(cli, command)
      if (isJson(command)) return terminal.json({ tokens })
      if (tokens.length === 0) return terminal.note('No tokens; `berth token create --admin --name NAME` makes one.')
      for (const line of rows(tokens, terminal, cli.clock())) terminal.say(line)
    })

  token
    .command('rm')
    .description('remove some: they are refused from now on; reservations stay')
    .argument('<ids...>')
    .action(async (ids: string[], _options: object, command: Command) => {
      const tokens = await openTokens(cli, command)
      for (const id of ids) await tokens.remove(id)
      const terminal = terminalOf(cli, command)
      if (isJson(command)) return terminal.json({ removed: ids })
      for (const id of ids) terminal.say(`Removed ${id}.`)
    })
}

function wantedOf({ name, admin, expires, containers, duration: longest, pool }: Wanted): WantedToken {
  const limits = {
    ...(containers !== undefined && { containers }),
    ...(longest !== undefined && { duration: longest }),
    ...(pool && { pools: pool }),
  }
  return {
    name,
    role: admin ? 'admin' : 'user',
    ...(Object.keys(limits).length > 0 && { limits }),
    ...(expires !== undefined && (/^\d{4}-/.test(expires) ? { expires_at: timeOf(expires) } : { expires_in: expires })),
  }
}

async function openTokens(cli: Cli, command: Command): Promise<Tokens> {
  const { url, offline = false } = command.optsWithGlobals<GlobalOptions & { offline?: boolean }>()
  if (offline && url !== undefined) throw new Failure(EXIT.usage, 'say either --offline or --url, not both')
  if (offline || readSettings(url, cli.environment).from === 'default') {
    const { loadConfig } = await import('../../config.ts')
    const { offlineTokens } = await import('../../tokens.ts')
    return offlineTokens(loadConfig(), cli.clock)
  }
  const { client } = openSession(cli, command)
  return {
    list: async () => (await answerOf(client.GET('/v1/tokens'))).tokens,
    create: (wanted) => answerOf(client.POST('/v1/tokens', { body: wanted })),
    remove: async (id) => void (await answerOf(client.DELETE('/v1/tokens/{id}', { params: { path: { id } } }))),
  }
}

function isJson(command: Command): boolean {
  return command.optsWithGlobals<GlobalOptions>().json ?? false
}

function rows(tokens: readonly Token[], terminal: Terminal, now: number): string[] {
  return table<Token>(
    [
      { title: 'ID', of: (row) => row.id },
      { title: 'NAME', of: (row) => row.name },
      { title: 'ROLE', of: (row) => row.role },
      { title: 'MADE', of: (row) => clockTime(row.created_at, now) },
      {
        title: 'EXPIRES',
        of: ({ expires_at }) => {
          if (expires_at === null) return 'never'
          return Date.parse(expires_at) <= now ? 'expired' : `in ${left(expires_at, now)}`
        },
      },
      { title: 'LIMITS', of: ({ limits }) => limitsOf(limits) },
    ],
    tokens,
    { width: terminal.width, title: (text) => terminal.paint('dim', text) },
  )
}

export function limitsOf({ containers, duration_seconds, pools }: Token['limits']): string {
  const limits = [
    containers === null ? '' : counted(containers, 'container'),
    duration_seconds === null ? '' : roughly(duration_seconds * 1000),
    pools === null ? '' : `of ${pools.join(', ')}`,
  ]
  return limits.filter((limit) => limit !== '').join(', ')
}
