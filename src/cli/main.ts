/** `berth`: runs one command, prints its failure and sets the exit code. */
import { CommanderError } from 'commander'
import { systemClock } from '../ports/clock.ts'
import { forJson, linesForTerminal } from '../domain/text/foreign-text.ts'
import { readEnvironment } from './environment.ts'
import { EXIT, type Failure, failureOf } from './failures.ts'
import { watchInterrupts } from './interrupts.ts'
import { createProgram } from './program.ts'

async function main(args: readonly string[]): Promise<number> {
  const { stdin, stdout, stderr } = process
  const interrupts = watchInterrupts()
  try {
    const cli = { args, environment: readEnvironment(), stdin, stdout, stderr, clock: systemClock, interrupts }
    await createProgram(cli).parseAsync(args, { from: 'user' })
    return Number(process.exitCode ?? EXIT.ok)
  } catch (error) {
    // Commander has printed it already; help and version "fail" with 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    const code = interrupts.exitCode()
    if (code !== null) return code
    const failure = failureOf(error)
    if (!failure) {
      // A bug. Its message may quote text of the manager.
      stderr.write(linesForTerminal(`${error instanceof Error ? error.stack : String(error)}\n`))
      return EXIT.failed
    }
    stderr.write(wantsJson(args) ? forPrograms(failure) : forPeople(failure))
    return failure.exit
  }
}

/** After "--" the option belongs to another program. */
function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  return args.slice(0, end < 0 ? args.length : end).includes('--json')
}

function forPeople({ message, advice }: Failure): string {
  const lines = message.split('\n')
  return [`berth: ${lines[0]}`, ...lines.slice(1), ...(advice === undefined ? [] : [`  ${advice}`]), ''].join('\n')
}

function forPrograms({ code, message, exit, advice }: Failure): string {
  return `${forJson({ error: { code, message, advice: advice ?? null, exit } })}\n`
}

// The reader has closed the pipe: `berth ls | head -1`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(EXIT.ok)
})

process.exit(await main(process.argv.slice(2)))
