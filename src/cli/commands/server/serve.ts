import type { Command } from 'commander'
import type { Cli } from '../../command-context.ts'

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
}
