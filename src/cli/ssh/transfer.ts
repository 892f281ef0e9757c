/** Copies between this machine and a container with scp or rsync, whose host key was verified. */
import { existsSync } from 'node:fs'
import { EXIT, Failure } from '../failures.ts'
import type { Transfer } from '../options/endpoints.ts'
import type { SshOptions } from '../options/ssh-options.ts'
import type { Cli, CommandContext } from '../command-context.ts'
import { chooseContainer } from '../reservations/lookup.ts'
import { withVerifiedOptions } from './command.ts'
import { runSsh, untilEnd } from './external-commands.ts'
import { loginOf } from './login.ts'

/** Paths as scp and rsync take them. */
interface Paths {
  readonly port: number | null
  readonly sources: readonly string[]
  readonly target: string
}

interface CopyCommand {
  readonly program: 'scp' | 'rsync'
  readonly args: readonly string[]
}

/** Runs the command that `commandFor` returns, and sets the exit code of this process to its own. */
export async function transfer(
  cli: Cli,
  context: CommandContext,
  { name, direction, sources, target }: Transfer,
  { identity, sshOption = [], tunnel }: SshOptions,
  commandFor: (sshOptions: readonly string[], paths: Paths) => CopyCommand,
): Promise<void> {
  if (direction === 'download') assertNewFolder(sources, target)
  const chosen = await chooseContainer(context.client, name)
  const login = loginOf(cli, context, { ...chosen, identity, options: sshOption, tunnel })
  const { host, port } = login.container
  const there = (path: string) => `${login.username}@${host.includes(':') ? `[${host}]` : host}:${path}`
  const paths =
    direction === 'upload' ? { port, sources, target: there(target) } : { port, sources: sources.map(there), target }
  const interrupted = cli.interrupts.takeOver()
  process.exitCode = await withVerifiedOptions(login, (options) => {
    const { program, args } = commandFor(options, paths)
    return untilEnd(runSsh(args, 'inherit', program), interrupted)
  })
  interrupted.throwIfAborted()
}

/** Paths that mean the whole home folder of the account. */
const HOME = new Set(['', '.', './', '~', '~/'])

/** A home has a .bashrc and a .ssh/authorized_keys: a tenant could take over the folder that it is copied onto. */
function assertNewFolder(sources: readonly string[], target: string): void {
  if (!sources.some((path) => HOME.has(path)) || !existsSync(target)) return
  throw new Failure(
    EXIT.usage,
    `${target} exists: a whole home would overwrite files in it, such as .bashrc and .ssh/authorized_keys`,
    { advice: 'name a folder that does not exist yet, or files and folders of the home, like NAME:work' },
  )
}

/** Returns words as rsync's option -e takes them: it splits at blanks, and a doubled quote is a quote. */
export function rsyncShell(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "''")}'`)).join(' ')
}
