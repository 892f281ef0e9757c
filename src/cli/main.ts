/** `berth`: reads the command line, runs one command, and tells how it went. */
import { CommanderError } from 'commander'
import { systemClock } from '../core/clock.ts'
import { readEnvironment } from './environment.ts'
import { EXIT, type Failure, failureOf } from './failures.ts'
import { Interrupted, watchInterrupts } from './interrupts.ts'
import { createProgram } from './program.ts'
import { harmless } from './terminal.ts'

async function main(args: readonly string[]): Promise<number> {
  const { stdin, stdout, stderr } = process
  const interrupts = watchInterrupts()
  try {
    const cli = { environment: readEnvironment(), stdin, stdout, stderr, clock: systemClock, interrupts }
    await createProgram(cli).parseAsync(args, { from: 'user' })
    return Number(process.exitCode ?? EXIT.ok)
  } catch (error) {
    // Commander has said it already; for help and version it "fails" with 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    if (error instanceof Interrupted) return error.exit
    const code = interrupts.exitCode()
    if (code !== null) return code
    const failure = failureOf(error)
    if (!failure) throw error
    stderr.write(wantsJson(args) ? forPrograms(failure) : forPeople(failure))
    return failure.exit
  }
}

/** Behind "--" it is somebody else's option. */
function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  return args.slice(0, end < 0 ? args.length : end).includes('--json')
}

function forPeople({ message, advice }: Failure): string {
  const lines = harmless(message).split('\n')
  return [`berth: ${lines[0]}`, ...lines.slice(1), ...(advice === undefined ? [] : [`  ${advice}`]), ''].join('\n')
}

function forPrograms({ code, message, exit, advice }: Failure): string {
  return `${JSON.stringify({ error: { code, message, advice: advice ?? null, exit } })}\n`
}

// Whoever reads us has seen enough: `berth ls | head -1`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(EXIT.ok)
})

process.exit(await main(process.argv.slice(2)))
