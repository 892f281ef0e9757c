import type { Command } from 'commander'
import { EXIT } from '../failures.ts'
import { type Cli, type GlobalOptions, terminalOf } from '../session.ts'
import { table } from '../table.ts'

const ABOUT = `Compares the database of berth.yml with the container engine, on the machine of the manager: what is missing, orphaned,
wrongly labelled, in the wrong state or on the wrong port. BERTH_CONFIG names another berth.yml. Exits with 1 when anything
is different.

--fix does what a manager would do, and only that; while one is serving it is left to it.`

export function addDoctor(program: Command, cli: Cli): void {
  program
    .command('doctor')
    .summary('compare the database with the engine')
    .description(ABOUT)
    .option('--fix', 'have it mended')
    .action(async ({ fix = false }: { fix?: boolean }, command: Command) => {
      const terminal = terminalOf(cli, command)
      const { loadConfig } = await import('../../config.ts')
      const { diagnose } = await import('../../doctor.ts')
      const progress = terminal.progress()
      const diagnosis = await diagnose(loadConfig(), fix, (text) => progress.tell(text)).finally(() => progress.stop())
      const { findings, fixed, rows, containers, serving } = diagnosis
      process.exitCode = findings.length === 0 ? EXIT.ok : EXIT.failed
      if (command.optsWithGlobals<GlobalOptions>().json) return terminal.json(diagnosis)
      for (const { container, detail } of fixed)
        terminal.say(`${terminal.paint('green', 'mended')}  ${container}: ${detail}`)
      const lines = table(
        [
          { title: 'CONTAINER', of: (finding) => finding.container },
          { title: 'WHAT', of: (finding) => finding.kind, paint: (text) => terminal.paint('red', text) },
          { title: 'HOW', of: (finding) => finding.detail },
        ],
        findings,
        { width: Number.POSITIVE_INFINITY, title: (text) => terminal.paint('dim', text) },
      )
      const compared = `${rows} in the database, ${containers} in the engine`
      if (findings.length === 0) return terminal.say(`${terminal.paint('green', 'No difference:')} ${compared}.`)
      for (const line of lines) terminal.say(line)
      if (serving) terminal.note('A manager is serving; what it can mend, it is mending already.')
      else if (!fix) terminal.note('`berth doctor --fix` mends it, and so does `berth serve`.')
    })
}
