import { resolve } from 'node:path'
import type { Command } from 'commander'
import { loadLocalConfig } from '../../local-config.ts'
import { type Cli, openOutput } from '../../command-context.ts'

const ABOUT = `Copies the database of berth.yml as it is now, also while a manager serves. Only its owner can read the
copy. A failed backup leaves no file; an existing file is not overwritten. A manager that uses the copy learns from the
engine which containers were lent since, and leaves those alone.`

export function addBackup(program: Command, cli: Cli): void {
  program
    .command('backup')
    .summary('copy the database, also while a manager serves')
    .description(ABOUT)
    .argument('<file>', 'path of the copy')
    .action(async (file: string, _options: object, command: Command) => {
      const { terminal, json } = openOutput(cli, command)
      const { databaseOf } = await import('../../../store/open-store.ts')
      const database = databaseOf(await loadLocalConfig(cli, terminal))
      const copy = resolve(file)
      await database.backup(copy)
      if (json) return terminal.json({ database: database.name, copy })
      terminal.say(`Copied ${database.name} to ${copy}.`)
    })
}
