/** The command's tree: every command, and what all of them have in common. */
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { addCompletion } from './commands/completion.ts'
import { addContainers } from './commands/containers.ts'
import { addBackup } from './commands/backup.ts'
import { addDoctor } from './commands/doctor.ts'
import { addEvents } from './commands/events.ts'
import { addExtend } from './commands/extend.ts'
import { addInventory } from './commands/inventory.ts'
import { addLs } from './commands/ls.ts'
import { addPools } from './commands/pools.ts'
import { addRelease } from './commands/release.ts'
import { addReserve } from './commands/reserve.ts'
import { addRun } from './commands/run.ts'
import { addServe } from './commands/serve.ts'
import { addShow } from './commands/show.ts'
import { addSsh } from './commands/ssh.ts'
import { addToken } from './commands/token.ts'
import { addUsage } from './commands/usage.ts'
import { addWhoami } from './commands/whoami.ts'
import { EXIT_CODES } from './failures.ts'
import type { Cli } from './session.ts'

const ABOUT = 'Lends Linux containers over SSH for a limited time'

const AFTER = `
Which manager: --url, else BERTH_URL, else the config file, else http://localhost:8080. Token: BERTH_TOKEN, else the
config file (~/.config/berth/config.yml, mode 0600, keys url and token), which \`berth login\` writes.

\`berth help exit-codes\` lists the exit codes, \`berth help COMMAND\` a command's options.`

export function createProgram(cli: Cli): Command {
  const program = new Command('berth')
    .description(ABOUT)
    .version(version(), '-V, --version', 'print the version')
    .option('--url <url>', 'address of the manager')
    .option('--json', 'answer for programs')
    .option('--no-color', 'no colours, and nothing that moves')
    .helpOption('-h, --help', 'print this')
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .configureOutput({
      writeOut: (text) => void cli.stdout.write(text),
      writeErr: (text) => void cli.stderr.write(text),
      outputError: (text, write) => write(`berth: ${text.replace(/^error: /, '')}`),
    })
    .exitOverride()
    .helpCommand(false)
    .addHelpText('after', AFTER)
  addReserve(program, cli)
  addRun(program, cli)
  addSsh(program, cli)
  addLs(program, cli)
  addShow(program, cli)
  addExtend(program, cli)
  addRelease(program, cli)
  addPools(program, cli)
  addContainers(program, cli)
  addEvents(program, cli)
  addUsage(program, cli)
  addInventory(program, cli)
  addWhoami(program, cli)
  addToken(program, cli)
  addServe(program, cli)
  addBackup(program, cli)
  addDoctor(program, cli)
  addCompletion(program, cli)
  addHelp(program, cli)
  finish(program, 'berth help')
  return program
}

/** After a mistake: where to read about this very command. Paragraphs are as wide as the terminal, not as our source. */
function finish(command: Command, how: string): void {
  command.description(command.description().replaceAll(/(?<!\n)\n(?![\n ])/g, ' '))
  command.showHelpAfterError(`  \`${how}\` tells more`)
  for (const inner of command.commands) finish(inner, `${how} ${inner.name()}`)
}

/** `berth help`, `berth help COMMAND`, `berth help exit-codes`. */
function addHelp(program: Command, { stdout }: Cli): void {
  program
    .command('help')
    .description('tell about a command, or about exit-codes')
    .argument('[topic...]')
    .action((topics: string[]) => {
      if (topics[0] === 'exit-codes') {
        for (const [code, meaning] of EXIT_CODES) stdout.write(`${code.padEnd(7)}${meaning}\n`)
        return
      }
      let told = program
      for (const topic of topics) {
        const inner = told.commands.find((command) => command.name() === topic || command.aliases().includes(topic))
        if (!inner) program.error(`error: there is no command "${topics.join(' ')}"`)
        else told = inner
      }
      told.outputHelp()
    })
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
