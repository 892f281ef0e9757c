import type { Command } from 'commander'
import { answerOf, type Pool } from '../../../client/client.ts'
import { type Cli, openContext } from '../../command-context.ts'
import { formatDuration } from '../../output/format.ts'

/** Order of the states in the table; those of a newer manager follow. */
const STATES = ['ready', 'reserved', 'creating', 'removing', 'broken', 'quarantined']

export function addPools(program: Command, cli: Cli): void {
  program
    .command('pools')
    .description('show the pools, and how many containers are free')
    .action(async (_options: object, command: Command) => {
      const { client, terminal, json } = openContext(cli, command)
      const answer = await answerOf(client.GET('/v1/pools'))
      if (json) return terminal.json(answer)
      terminal.table<Pool>(
        [
          { title: 'POOL', of: (pool) => pool.name },
          { title: 'SIZE', of: sizeOf, align: 'right' },
          {
            title: 'READY',
            of: (pool) => String(pool.containers['ready'] ?? 0),
            align: 'right',
            paint: (text, pool) => terminal.paint((pool.containers['ready'] ?? 0) > 0 ? 'green' : 'yellow', text),
          },
          { title: 'STATE', of: others },
          { title: 'WAITING', of: (pool) => String(pool.waiting), align: 'right' },
          {
            title: 'DURATION',
            of: (pool) => `${seconds(pool.duration_default_seconds)}, at most ${seconds(pool.duration_max_seconds)}`,
          },
          { title: 'LIMITS', of: limits },
          { title: 'OS', of: (pool) => pool.os ?? pool.image },
        ],
        answer.pools,
      )
      for (const { name, problem } of answer.pools) {
        if (problem) terminal.say(`${terminal.paint('red', name)} cannot lend any container: ${problem}`)
      }
    })
}

function sizeOf({ size: now, configured_size }: Pool): string {
  return now === configured_size ? String(now) : `${now} (${configured_size})`
}

function others({ containers }: Pool): string {
  const states = [...STATES, ...Object.keys(containers).filter((state) => !STATES.includes(state))]
  return states
    .flatMap((state) => (state !== 'ready' && containers[state] ? [`${containers[state]} ${state}`] : []))
    .join(', ')
}

/** A manager of an earlier version sends no `disk_bytes`. */
function limits({ cpus, memory_bytes, disk_bytes, sudo }: Pool): string {
  const disk = disk_bytes ? [`${mebibytes(disk_bytes)} disk`] : []
  return [`${cpus} CPU`, mebibytes(memory_bytes), ...disk, ...(sudo ? ['sudo'] : [])].join(', ')
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`
}

function seconds(number: number): string {
  return formatDuration(number * 1000)
}
