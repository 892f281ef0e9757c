import type { Command } from 'commander'
import type { Cli } from '../../command-context.ts'

const ABOUT = `Runs the manager until Ctrl-C. Its berth.yml is the file that BERTH_CONFIG names, else the first of: ./berth.yml,
/etc/berth/berth.yml, that of the checkout. The start prints which one it is.`

export function addServe(program: Command, cli: Cli): void {
  program
    .command('serve')
    .summary('run the manager until Ctrl-C')
    .description(ABOUT)
    .action(async () => {
      cli.interrupts.leave()
      const { serve } = await import('../../../main.ts')
      const { loadConfig } = await import('../../../config/config.ts')
      await serve(loadConfig(), 'berth serve')
    })
}
