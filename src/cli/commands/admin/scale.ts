import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, InvalidArgumentError } from 'commander'
import { answerOf, type Pool } from '../../../client/client.ts'
import { counted } from '../../../domain/text/counted.ts'
import { withAdviceIfMissing } from '../../failures.ts'
import { type Cli, type CommandContext, openContext } from '../../command-context.ts'

const POLL_MS = 300
/** States in which no work on a container is under way. */
const SETTLED = ['ready', 'reserved', 'quarantined']

export function addScale(program: Command, cli: Cli): void {
  program
    .command('scale')
    .description('set the size of a pool (admins)')
    .argument('<pool>')
    .argument('<size>', 'number of containers, or "default" for the size in berth.yml', parseSize)
    .action(async (pool: string, size: number | null, _options: object, command: Command) => {
      const { client, terminal, json } = openContext(cli, command)
      const params = { path: { name: pool } }
      const answer = await withAdviceIfMissing(
        answerOf(client.PATCH('/v1/pools/{name}', { params, body: { size } })),
        '`berth pools` lists the pools',
      )
      if (json) return terminal.json(answer)
      const configured = answer.size === answer.configured_size ? '' : ` (berth.yml: ${answer.configured_size})`
      terminal.say(`${answer.name} has ${answer.size} slots now${configured}.`)
      if (terminal.isRedrawn) await followFilling(cli, { client, terminal }, answer.name)
    })
}

function parseSize(text: string): number | null {
  if (text === 'default') return null
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('Expected a whole number, or "default".')
  return Number(text)
}

/** Shows how the pool fills. The manager continues if the command is interrupted. */
async function followFilling(
  cli: Cli,
  { client, terminal }: Pick<CommandContext, 'client' | 'terminal'>,
  name: string,
): Promise<void> {
  const interrupted = cli.interrupts.takeOver()
  const progress = terminal.progress()
  try {
    while (!interrupted.aborted) {
      const { pools } = await answerOf(client.GET('/v1/pools', { signal: interrupted }))
      const pool = pools.find((each) => each.name === name)
      if (!pool || pool.problem !== null || settled(pool) >= pool.size) return
      progress.status(`${settled(pool)} of ${counted(pool.size, 'container')} ready or reserved`)
      await sleep(POLL_MS, undefined, { signal: interrupted })
    }
  } finally {
    progress.stop()
  }
}

function settled({ containers }: Pool): number {
  return SETTLED.reduce((sum, state) => sum + (containers[state] ?? 0), 0)
}
