import type { Command } from 'commander'
import { confirm } from '../../options/prompt.ts'
import { EXIT } from '../../failures.ts'
import { loadLocalConfig } from '../../local-config.ts'
import { type Cli, openOutput } from '../../command-context.ts'

const ABOUT = `Compares the database of berth.yml with the container engine, on the machine of the manager, and finds
containers that are missing, orphaned, wrongly labelled, in the wrong state, on the wrong port, or another database's.
\`berth help serve\` says which berth.yml that is. Exits with 1 if anything differs.

--fix does what a manager would do; a running manager does it by itself. In addition, --fix replaces containers that a
manager leaves alone, because they are another database's or because a tenant unknown to this database may be logged
in. Those that were never lent are replaced at once, the others after a question on the terminal. --yes answers it.`

/** Advice for containers that are left alone. */
const FOREIGN =
  'Managers leave foreign containers alone. To keep them, give this installation another name ("instance:" in ' +
  'berth.yml). To replace them, and end all sessions in them: berth doctor --fix'

interface DoctorOptions {
  readonly fix?: boolean
  readonly yes?: boolean
}

/** A container that is left alone, and why. */
interface LeftAlone {
  readonly observed: { readonly name: string }
  readonly why: string
}

export function addDoctor(program: Command, cli: Cli): void {
  program
    .command('doctor')
    .summary('compare the database with the engine')
    .description(ABOUT)
    .option('--fix', 'fix what was found')
    .option('--yes', 'with --fix: replace also containers in which a tenant may be logged in')
    .action(async ({ fix = false, yes = false }: DoctorOptions, command: Command) => {
      const { terminal, json } = openOutput(cli, command)
      const { diagnose } = await import('../../../doctor.ts')
      const config = await loadLocalConfig(cli, terminal)
      const progress = terminal.progress()
      let refused = ''
      const options = {
        report: (text: string) => progress.report(text),
        async confirm(containers: readonly LeftAlone[]) {
          if (yes) return true
          progress.stop()
          const names = containers.map(({ observed }) => observed.name).join(', ')
          for (const { observed, why } of containers) terminal.note(`${observed.name}: ${why}`)
          const answer = await confirm(cli, `A tenant may be logged in. Replace ${names}, and end every session there?`)
          if (answer === null)
            refused = `Left alone: ${names}. "berth doctor --fix --yes" replaces them, sessions included.`
          return answer === true
        },
      }
      const diagnosis = await diagnose(config, fix ? options : null).finally(() => progress.stop())
      if (refused !== '') terminal.note(refused)
      const { findings, fixed, rows, containers, serving } = diagnosis
      process.exitCode = findings.length === 0 ? EXIT.ok : EXIT.failed
      if (json) return terminal.json(diagnosis)
      terminal.note(`Engine: ${diagnosis.engine}`)
      for (const { container, detail } of fixed)
        terminal.say(`${terminal.paint('green', 'fixed')}  ${container}: ${detail}`)
      const compared = `${rows} in the database, ${containers} in the engine`
      if (findings.length === 0) return terminal.say(`${terminal.paint('green', 'No difference:')} ${compared}.`)
      terminal.table(
        [
          { title: 'CONTAINER', of: (finding) => finding.container },
          { title: 'PROBLEM', of: (finding) => finding.kind, paint: (text) => terminal.paint('red', text) },
          { title: 'DETAIL', of: (finding) => finding.detail },
        ],
        findings,
        { cut: false },
      )
      if (serving) terminal.note('A manager is running: it fixes by itself what it can.')
      else if (!fix && findings.some(({ kind }) => kind !== 'foreign')) {
        terminal.note('`berth doctor --fix` fixes this, and so does `berth serve`.')
      }
      if (!fix && findings.some(({ kind }) => kind === 'foreign')) terminal.note(FOREIGN)
    })
}
