import type { Command } from 'commander'
import { answerOf, type BerthClient } from '../../client/client.ts'
import { readVersion } from '../../version.ts'
import { type Cli, openContext } from '../command-context.ts'
import { failureOf } from '../failures.ts'

export function addVersion(program: Command, cli: Cli): void {
  program
    .command('version')
    .description('print the versions of this command and of the manager')
    .action(async (_options: object, command: Command) => {
      const { client, settings, terminal, json } = openContext(cli, command)
      const mine = readVersion()
      const asked = await managerVersion(client).catch((error: unknown) => failureOf(error) ?? Promise.reject(error))
      const manager = typeof asked === 'string' ? asked : null
      if (json) terminal.json({ client: { version: mine }, manager: { url: settings.url, version: manager } })
      else {
        const fields = [
          ['client', mine],
          ['manager', manager && `${manager} at ${settings.url}`],
        ] as const
        terminal.fields(fields, 10)
      }
      if (typeof asked !== 'string') terminal.note(`berth: ${asked.message}`)
    })
}

/** Returns the manager's version; one that does not say it is older than this command. */
export async function managerVersion(client: BerthClient): Promise<string> {
  const { version }: { version?: string } = await answerOf(client.GET('/healthz'))
  return version ?? 'unknown'
}
