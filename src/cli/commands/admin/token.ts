import type { Command } from 'commander'
import { answerOf, type Token, type WantedToken } from '../../../client/client.ts'
import { collect, count, duration, given, parseFutureTime } from '../../options/arguments.ts'
import { readDuration } from '../../options/durations.ts'
import { EXIT, Failure, withAdviceIfMissing } from '../../failures.ts'
import { readSettings } from '../../options/settings.ts'
import { loadLocalConfig } from '../../local-config.ts'
import { type Cli, type GlobalOptions, openContext, openOutput } from '../../command-context.ts'
import type { Terminal } from '../../output/terminal.ts'
import { counted } from '../../../domain/text/counted.ts'
import { formatDuration, formatTime, timeLeft } from '../../output/format.ts'

const ABOUT = `Creates, lists and removes API tokens, for admins. Calls the manager that --url, BERTH_URL or the
config file names. If none of them does, or with --offline, it works on the database of berth.yml on this machine,
with or without a manager.`

interface CreateOptions {
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
    .summary('create, list and remove API tokens')
    .description(ABOUT)
    .option('--offline', 'use the database of berth.yml, even if a manager is named')

  token
    .command('create')
    .description('create a token, and print it once')
    .requiredOption('--name <name>', "owner's name; tokens with the same name share their reservations")
    .option('--admin', 'create an admin token, which permits everything')
    .option('--expires <when>', 'a duration such as 90d or "2 weeks", or a time (default: never)')
    .option('--containers <number>', 'maximum number of containers held at once', count)
    .option('--duration <duration>', 'maximum duration of a reservation, such as 8h', duration)
    .option('--pool <name>', 'pool that it may use; repeatable (default: all)', collect)
    .action(async (options: CreateOptions, command: Command) => {
      const made = await (await openTokens(cli, command)).create(wantedOf(options, cli.clock()))
      const { terminal, json } = openOutput(cli, command)
      if (json) return terminal.json(made)
      // Only the token is on stdout, for TOKEN=$(berth token create …).
      terminal.note(`Token for ${made.name} (${made.role}), shown only once:`)
      terminal.say(made.token)
    })

  token
    .command('ls')
    .description('list tokens, without their secrets')
    .action(async (_options: object, command: Command) => {
      const tokens = await (await openTokens(cli, command)).list()
      const { terminal, json } = openOutput(cli, command)
      if (json) return terminal.json({ tokens })
      if (tokens.length === 0) return terminal.note('No tokens; `berth token create --admin --name NAME` creates one.')
      printTokens(tokens, terminal, cli.clock())
    })

  token
    .command('rm')
    .description('remove tokens, which are refused from now on; their reservations stay')
    .argument('<ids...>')
    .action(async (ids: string[], _options: object, command: Command) => {
      const tokens = await openTokens(cli, command)
      for (const id of ids) await withAdviceIfMissing(tokens.remove(id), '`berth token ls` lists the tokens')
      const { terminal, json } = openOutput(cli, command)
      if (json) return terminal.json({ removed: ids })
      for (const id of ids) terminal.say(`Removed ${id}.`)
    })
}

function wantedOf(
  { name, admin, expires, containers, duration: longest, pool }: CreateOptions,
  now: number,
): WantedToken {
  const lifetime = readDuration(expires ?? '')
  const limits = given({ containers, duration: longest, pools: pool })
  return {
    name,
    role: admin ? 'admin' : 'user',
    ...(Object.keys(limits).length > 0 && { limits }),
    ...(expires !== undefined &&
      (lifetime === null ? { expires_at: parseFutureTime(expires, now) } : { expires_in: lifetime })),
  }
}

async function openTokens(cli: Cli, command: Command): Promise<Tokens> {
  const { url, offline = false } = command.optsWithGlobals<GlobalOptions & { offline?: boolean }>()
  if (offline && url !== undefined) throw new Failure(EXIT.usage, '--offline must not be combined with --url')
  if (offline || readSettings(url, cli.environment).from === 'default') {
    const { offlineTokens } = await import('../../../offline-tokens.ts')
    return offlineTokens(await loadLocalConfig(cli, openOutput(cli, command).terminal), cli.clock)
  }
  const { client } = openContext(cli, command)
  return {
    list: async () => (await answerOf(client.GET('/v1/tokens'))).tokens,
    create: (wanted) => answerOf(client.POST('/v1/tokens', { body: wanted })),
    remove: async (id) => void (await answerOf(client.DELETE('/v1/tokens/{id}', { params: { path: { id } } }))),
  }
}

function printTokens(tokens: readonly Token[], terminal: Terminal, now: number): void {
  terminal.table<Token>(
    [
      { title: 'ID', of: (row) => row.id },
      { title: 'NAME', of: (row) => row.name },
      { title: 'ROLE', of: (row) => row.role },
      { title: 'CREATED', of: (row) => formatTime(row.created_at, now) },
      {
        title: 'EXPIRES',
        of: ({ expires_at }) => {
          if (expires_at === null) return 'never'
          return Date.parse(expires_at) <= now ? 'expired' : `in ${timeLeft(expires_at, now)}`
        },
      },
      { title: 'LAST USED', of: ({ last_used_at: at }) => (at ? formatTime(at, now) : 'never') },
      { title: 'LIMITS', of: ({ limits }) => limitsOf(limits) },
    ],
    tokens,
  )
}

export function limitsOf({ containers, duration_seconds, pools }: Token['limits']): string {
  const limits = [
    containers === null ? '' : counted(containers, 'container'),
    duration_seconds === null ? '' : formatDuration(duration_seconds * 1000),
    pools === null ? '' : `of ${pools.join(', ')}`,
  ]
  return limits.filter((limit) => limit !== '').join(', ')
}
