import type { Command } from 'commander'
import { answerOf, type BerthClient, type Me, type Pool, type Reservation } from '../../client/client.ts'
import { type Cli, openContext } from '../command-context.ts'
import { timeLeft } from '../output/format.ts'
import { CURRENT, labelOf, listReservations, mine } from '../reservations/lookup.ts'
import { COLOURS, stateOf } from './reservations/ls.ts'
import { managerVersion } from './version.ts'

/** Maximum number of reservations that are shown. */
const MAX_SHOWN = 10

export function addStatus(program: Command, cli: Cli): void {
  program
    .command('status')
    .description('show the manager, its pools and your reservations in a few lines')
    .action(async (_options: object, command: Command) => {
      const { client, settings, terminal, json } = openContext(cli, command)
      const version = await managerVersion(client)
      const [problems, me, { pools }, reservations] = await Promise.all([
        problemsOf(client),
        answerOf(client.GET('/v1/me')),
        answerOf(client.GET('/v1/pools')),
        mine(client).then((filter) => listReservations(client, CURRENT, filter)),
      ])
      if (json) return terminal.json({ manager: { url: settings.url, version, problems }, me, pools, reservations })
      const now = cli.clock()
      const fields = [
        ['manager', `${settings.url}, version ${version}`],
        ...problems.map((problem) => ['problem', terminal.paint('red', problem)] as const),
        ['you', nameOf(me)],
        ...pools.map((pool) => ['pool', summaryOf(pool)] as const),
        ...reservations.slice(0, MAX_SHOWN).map((each) => {
          const state = terminal.paint(COLOURS[each.state], stateOf(each))
          return ['reserved', `${labelOf(each)}  ${state}${leftOf(each, now)}`] as const
        }),
      ] as const
      terminal.fields(fields, 10)
      const more = reservations.length - MAX_SHOWN
      if (more > 0) terminal.note(`And ${more} more: \`berth ls\` lists them.`)
      if (reservations.length === 0) terminal.note('No reservations; `berth reserve` makes one.')
    })
}

/** Returns why the manager, or one of its pools, cannot do its work. */
async function problemsOf(client: BerthClient): Promise<readonly string[]> {
  const { data, error } = await client.GET('/readyz')
  if (data) return data.reasons ?? []
  return error && 'reasons' in error ? error.reasons : []
}

function nameOf({ name, role, containers_held, limits }: Me): string {
  const most = limits.containers === null ? '' : ` of ${limits.containers}`
  return `${name}, ${role}, with ${containers_held}${most} ${containers_held === 1 && most === '' ? 'container' : 'containers'}`
}

function summaryOf({ name, size, containers, waiting }: Pool): string {
  const others = Object.entries(containers).filter(([state, count]) => state !== 'ready' && count > 0)
  const parts = [
    `${containers['ready'] ?? 0} of ${size} ready`,
    ...others.map(([state, count]) => `${count} ${state}`),
    ...(waiting > 0 ? [`${waiting} waiting`] : []),
  ]
  return `${name}: ${parts.join(', ')}`
}

function leftOf({ state, expires_at }: Reservation, now: number): string {
  return state === 'active' ? `, ${timeLeft(expires_at, now)} left` : ''
}
