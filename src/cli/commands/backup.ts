import { resolve } from 'node:path'
import type { Command } from 'commander'
import { type Cli, type GlobalOptions, terminalOf } from '../session.ts'

const ABOUT = `Copies the database of berth.yml as it is at this moment, also while a manager is serving. The copy is for its owner alone,
and it is whole or not there; a file that exists is left alone. A manager that goes on from it recycles what nobody held then.`

export function addBackup(program: Command, cli: Cli): void {
  program
    .command('backup')
    .summary('copy the database, also while a manager serves')
    .description(ABOUT)
    .argument('<file>', 'where to')
    .action(async (file: string, _options: object, command: Command) => {
      const terminal = terminalOf(cli, command)
      const { loadConfig } = await import('../../config.ts')
      const { backupSqlite } = await import('../../store/sqlite-backup.ts')
      const { database } = loadConfig()
      const copy = resolve(file)
      await backupSqlite(database, copy, cli.clock())
      if (command.optsWithGlobals<GlobalOptions>().json) return terminal.json({ database, copy })
      terminal.say(`${database} is copied to ${copy}.`)
    })
}
