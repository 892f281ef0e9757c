/** The tree of commands, and what all of them have in common. */
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { linesForTerminal } from '../domain/text/foreign-text.ts'
import { addCompletion } from './commands/completion.ts'
import { addContainers } from './commands/admin/containers.ts'
import { addBackup } from './commands/server/backup.ts'
import { addDoctor } from './commands/server/doctor.ts'
import { addEvents } from './commands/admin/events.ts'
import { addExtend } from './commands/reservations/extend.ts'
import { addInventory } from './commands/reservations/inventory.ts'
import { addLogin } from './commands/login.ts'
import { addLs } from './commands/reservations/ls.ts'
import { addMigrate } from './commands/server/migrate.ts'
import { addPools } from './commands/admin/pools.ts'
import { addRelease } from './commands/reservations/release.ts'
import { addReserve } from './commands/reservations/reserve.ts'
import { addRun } from './commands/reservations/run.ts'
import { addServe } from './commands/server/serve.ts'
import { addShow } from './commands/reservations/show.ts'
import { addSshConfig } from './commands/reservations/ssh-config.ts'
import { addSsh } from './commands/reservations/ssh.ts'
import { addToken } from './commands/admin/token.ts'
import { addUsage } from './commands/admin/usage.ts'
import { addWhoami } from './commands/whoami.ts'
import { findCommand } from './completion.ts'
import { EXIT_CODES } from './failures.ts'
import type { Cli } from './command-context.ts'

const ABOUT = 'Lends Linux containers over SSH for a limited time'

const AFTER = `
Which manager: --url, else BERTH_URL, else the config file, else http://localhost:8080. Token: BERTH_TOKEN, else the
config file (~/.config/berth/config.yml, mode 0600, keys url and token), which \`berth login\` writes.

\`berth help exit-codes\` lists the exit codes, \`berth help COMMAND\` a command's options.`

export function createProgram(cli: Cli): Command {
  const program = new Command('berth')
    .description(ABOUT)
    .version(version(), '-V, --version', 'print the version')
    .option('--url <url>', 'URL of the manager')
    .option('--json', 'print JSON')
    .option('--no-color', 'no colours and no moving lines')
    .helpOption('-h, --help', 'print help')
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .configureOutput({
      writeOut: (text) => void cli.stdout.write(text),
      writeErr: (text) => void cli.stderr.write(text),
      outputError: (text, write) => write(`berth: ${linesForTerminal(text.replace(/^error: /, ''))}`),
    })
    .exitOverride()
    .helpCommand(false)
    .addHelpText('after', AFTER)
  addReserve(program, cli)
  addRun(program, cli)
  addSsh(program, cli)
  addSshConfig(program, cli)
  addLs(program, cli)
  addShow(program, cli)
  addExtend(program, cli)
  addRelease(program, cli)
  addPools(program, cli)
  addContainers(program, cli)
  addEvents(program, cli)
  addUsage(program, cli)
  addInventory(program, cli)
  addLogin(program, cli)
  addWhoami(program, cli)
  addToken(program, cli)
  addServe(program, cli)
  addMigrate(program, cli)
  addBackup(program, cli)
  addDoctor(program, cli)
  addCompletion(program, cli)
  addHelp(program, cli)
  finish(program, 'berth help')
  return program
}

/** Makes errors name the help of their command, and paragraphs of descriptions as wide as the terminal. */
function finish(command: Command, help: string): void {
  command.description(command.description().replaceAll(/(?<!\n)\n(?![\n ])/g, ' '))
  command.showHelpAfterError(`  see \`${help}\``)
  for (const inner of command.commands) finish(inner, `${help} ${inner.name()}`)
}

/** `berth help`, `berth help COMMAND`, `berth help exit-codes`. */
function addHelp(program: Command, { stdout }: Cli): void {
  program
    .command('help')
    .description('print the help of a command, or the exit-codes')
    .argument('[topic...]')
    .action((topics: string[]) => {
      if (topics[0] === 'exit-codes') {
        for (const [code, meaning] of EXIT_CODES) stdout.write(`${code.padEnd(7)}${meaning}\n`)
        return
      }
      let found = program
      for (const topic of topics) {
        found = findCommand(found, topic) ?? program.error(`error: there is no command "${topics.join(' ')}"`)
      }
      found.outputHelp()
    })
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
