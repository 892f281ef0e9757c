import type { Command } from 'commander'
import { type Cli, openAnswer } from '../../session.ts'

/** Adds the commands that run on the manager's own machine, with its berth.yml. */
export function addServe(program: Command, cli: Cli): void {
  program
    .command('serve')
    .description('run the manager until Ctrl-C')
    .action(async () => {
      cli.interrupts.leave()
      const { serve } = await import('../../../main.ts')
      const { loadConfig } = await import('../../../config/config.ts')
      await serve(loadConfig())
    })

  program
    .command('migrate')
    .description('bring the database of berth.yml up to date, as `serve` does')
    .action(async (_options: object, command: Command) => {
      const { terminal, json } = openAnswer(cli, command)
      const { loadConfig } = await import('../../../config/config.ts')
      const { databaseOf } = await import('../../../store/open-store.ts')
      const { name, migrate } = databaseOf(loadConfig())
      const applied = await migrate()
      if (json) return terminal.json({ database: name, applied })
      terminal.say(applied.length === 0 ? `${name} is up to date.` : `${name}: applied ${applied.join(', ')}.`)
    })
}
