import { resolve } from 'node:path'
import type { Command } from 'commander'
import { BerthError } from '../../../domain/errors.ts'
import { systemClock } from '../../../ports/clock.ts'
import { loadLocalConfig } from '../../local-config.ts'
import { type Cli, openOutput, type Output } from '../../command-context.ts'

const ABOUT = `Brings the database of berth.yml up to date, as \`serve\` does. With --from, copies another database into
it: a SQLite file, or a URL like postgres://berth@db.example.org/berth. The target must be empty. Each row is read again
and compared, and the secret is copied, too. Stop the managers first, and serve only the copy afterwards.`

interface Options {
  readonly from?: string
  readonly to?: string
}

export function addMigrate(program: Command, cli: Cli): void {
  program
    .command('migrate')
    .summary('bring the database up to date, or copy it into another one')
    .description(ABOUT)
    .option('--from <database>', 'copy from this file or URL')
    .option('--to <database>', 'copy to this file or URL (default: the database of berth.yml)')
    .action(async ({ from, to }: Options, command: Command) => {
      const output = openOutput(cli, command)
      if (from !== undefined) return copy(cli, output, from, to)
      if (to !== undefined) throw new BerthError('invalid_request', '--to needs --from, the database to copy')
      const { databaseOf } = await import('../../../store/open-store.ts')
      const { name, migrate } = databaseOf(await loadLocalConfig(cli, output.terminal))
      const applied = await migrate()
      if (output.json) return output.terminal.json({ database: name, applied })
      output.terminal.say(applied.length === 0 ? `${name} is up to date.` : `${name}: applied ${applied.join(', ')}.`)
    })
}

async function copy(cli: Cli, { terminal, json }: Output, from: string, to: string | undefined): Promise<void> {
  const { copyDatabase } = await import('../../../store/open-store.ts')
  const { isServing } = await import('../../../doctor.ts')
  const source = await loadLocalConfig(cli, terminal, resolvePath(from))
  const target = await loadLocalConfig(cli, terminal, to === undefined ? undefined : resolvePath(to))
  const { host, port } = target.listen
  if (await isServing(target.listen)) {
    throw new BerthError(
      'conflict',
      `a manager serves at ${host}:${port}, and would continue with the old database; stop it first`,
    )
  }
  const counts = await copyDatabase(source, target, systemClock)
  if (json) return terminal.json({ from: source.database, to: target.database, rows: Object.fromEntries(counts) })
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
  terminal.say(`Copied ${total} rows from ${source.database} to ${target.database}, and compared them.`)
}

/** Paths on the command line are relative to the current folder, not to that of berth.yml. */
function resolvePath(database: string): string {
  return database.includes('://') ? database : resolve(database)
}
