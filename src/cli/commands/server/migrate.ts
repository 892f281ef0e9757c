import type { Command } from 'commander'
import { loadLocalConfig } from '../../local-config.ts'
import { type Cli, openOutput } from '../../command-context.ts'

export function addMigrate(program: Command, cli: Cli): void {
  program
    .command('migrate')
    .description('bring the database of berth.yml up to date, as `serve` does')
    .action(async (_options: object, command: Command) => {
      const { terminal, json } = openOutput(cli, command)
      const { databaseOf } = await import('../../../store/open-store.ts')
      const { name, migrate } = databaseOf(await loadLocalConfig(cli, terminal))
      const applied = await migrate()
      if (json) return terminal.json({ database: name, applied })
      terminal.say(applied.length === 0 ? `${name} is up to date.` : `${name}: applied ${applied.join(', ')}.`)
    })
}
