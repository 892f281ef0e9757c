import type { Command } from 'commander'
import { type Cli, type GlobalOptions, terminalOf } from '../session.ts'

/** What runs on the manager's own machine, with its berth.yml. */
export function addServe(program: Command, cli: Cli): void {
  program
    .command('serve')
    .description('be the manager: serve what berth.yml describes, until Ctrl-C')
    .action(async () => {
      cli.interrupts.leave()
      const { serve } = await import('../../main.ts')
      const { loadConfig } = await import('../../config.ts')
      await serve(loadConfig())
    })

  program
    .command('migrate')
    .description('bring the database of berth.yml up to date; `serve` does that, too')
    .action(async (_options: object, command: Command) => {
      const terminal = terminalOf(cli, command)
      const { loadConfig } = await import('../../config.ts')
      const { migrateSqlite } = await import('../../store/sqlite.ts')
      const { database } = loadConfig()
      const applied = await migrateSqlite(database)
      if (command.optsWithGlobals<GlobalOptions>().json) return terminal.json({ database, applied })
      terminal.say(applied.length === 0 ? `${database} is up to date.` : `${database}: applied ${applied.join(', ')}.`)
    })
}
