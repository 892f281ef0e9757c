/** The tree of commands, and what all of them have in common. */
import { Command } from 'commander'
import { linesForTerminal } from '../domain/text/foreign-text.ts'
import { readVersion } from '../version.ts'
import { addCode } from './commands/access/code.ts'
import { addCp } from './commands/access/cp.ts'
import { addProxy } from './commands/access/proxy.ts'
import { addForward } from './commands/access/forward.ts'
import { addSync } from './commands/access/sync.ts'
import { addCompletion } from './commands/completion.ts'
import { addContainers } from './commands/admin/containers.ts'
import { addBackup } from './commands/server/backup.ts'
import { addDoctor } from './commands/server/doctor.ts'
import { addGateway } from './commands/server/gateway.ts'
import { addEvents } from './commands/admin/events.ts'
import { addExtend } from './commands/reservations/extend.ts'
import { addInventory } from './commands/reservations/inventory.ts'
import { addKeepalive } from './commands/reservations/keepalive.ts'
import { addLogin } from './commands/login.ts'
import { addLs } from './commands/reservations/ls.ts'
import { addManagers } from './commands/admin/managers.ts'
import { addMigrate } from './commands/server/migrate.ts'
import { addNodes } from './commands/admin/nodes.ts'
import { addPools } from './commands/admin/pools.ts'
import { addScale } from './commands/admin/scale.ts'
import { addReload } from './commands/admin/reload.ts'
import { addRelease } from './commands/reservations/release.ts'
import { addReset } from './commands/reservations/reset.ts'
import { addReserve } from './commands/reservations/reserve.ts'
import { addRun } from './commands/reservations/run.ts'
import { addServe } from './commands/server/serve.ts'
import { addShow } from './commands/reservations/show.ts'
import { addSshConfig } from './commands/reservations/ssh-config.ts'
import { addSsh } from './commands/reservations/ssh.ts'
import { addStatus } from './commands/status.ts'
import { addToken } from './commands/admin/token.ts'
import { addUsage } from './commands/admin/usage.ts'
import { addVersion } from './commands/version.ts'
import { addWhoami } from './commands/whoami.ts'
import { findCommand } from './completion.ts'
import { examplesOf } from './examples.ts'
import { EXIT_CODES } from './failures.ts'
import type { Cli } from './command-context.ts'

/** Commands in the order of the help. */
const GROUPS: readonly (readonly [title: string, commands: readonly ((program: Command, cli: Cli) => void)[]])[] = [
  [
    'Use containers',
    [
      addReserve,
      addRun,
      addSsh,
      addSshConfig,
      addForward,
      addCp,
      addSync,
      addCode,
      addProxy,
      addExtend,
      addRelease,
      addReset,
      addKeepalive,
      addInventory,
    ],
  ],
  ['Look', [addLs, addShow, addStatus, addPools, addContainers, addEvents, addUsage, addWhoami, addVersion]],
  ['Set up this command', [addLogin, addCompletion, addHelp]],
  [
    'Run a manager',
    [addServe, addGateway, addReload, addScale, addToken, addManagers, addNodes, addDoctor, addBackup, addMigrate],
  ],
]

const ABOUT = 'Lends Linux containers over SSH for a limited time'

const AFTER = `
Which manager: --url, else BERTH_URL, else the config file, else http://localhost:8080. Token: BERTH_TOKEN, else the
config file (~/.config/berth/config.yml, mode 0600, keys url and token), which \`berth login\` writes.

\`berth help exit-codes\` lists the exit codes, \`berth help COMMAND\` a command's options.`

export function createProgram(cli: Cli): Command {
  const program = new Command('berth')
    .description(ABOUT)
    .version(readVersion(), '-V, --version', 'print the version')
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
  for (const [title, commands] of GROUPS) {
    program.commandsGroup(`${title}:`)
    for (const add of commands) add(program, cli)
  }
  finish(program, [])
  return program
}

/** Makes errors name the help of their command, adds examples, and joins the lines of paragraphs in descriptions. */
function finish(command: Command, path: readonly string[]): void {
  command.description(command.description().replaceAll(/(?<!\n)\n(?![\n ])/g, ' '))
  command.showHelpAfterError(`  see \`${['berth help', ...path].join(' ')}\``)
  command.addHelpText('after', examplesOf(path.join(' ')))
  for (const inner of command.commands) finish(inner, [...path, inner.name()])
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
