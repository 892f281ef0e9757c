import { dirname } from 'node:path'
import type { Cli } from './command-context.ts'
import type { Terminal } from './output/terminal.ts'

/**
 * Loads the berth.yml of this machine. Prints which one it is, unless it is an obvious one. `database` replaces the
 * one that it names.
 */
export async function loadLocalConfig({ environment }: Cli, terminal: Terminal, database?: string) {
  const { loadConfig } = await import('../config/config.ts')
  const config = loadConfig(database === undefined ? undefined : { ...environment.variables, BERTH_DATABASE: database })
  const isNamed = Boolean(environment.variables['BERTH_CONFIG'])
  if (!isNamed && dirname(config.file) !== process.cwd()) terminal.note(`Using ${config.file}.`)
  return config
}
