/** One login with the system's ssh, scp or rsync, to a container whose host key was verified. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hostKeyFromManager, verifiedHostKey } from './verify-host-key.ts'
import { withPrivateFolder } from './private-folder.ts'
import { forShell } from '../../domain/text/foreign-text.ts'
import { assertUsable, hostKeyAlias, type SshTarget } from './target.ts'

export interface Login {
  readonly container: SshTarget
  readonly username: string
  /** Private key. Without one, ssh uses its own and may ask for a password. */
  readonly identity: string | undefined
  /** As `ssh -o` takes them. */
  readonly options?: readonly string[]
  readonly command?: readonly string[]
  /** ProxyCommand that reaches the container; undefined: ssh connects to its port. */
  readonly proxyCommand?: string | undefined
}

/** Calls `use` with ssh's arguments, see `withVerifiedOptions`. */
export async function withSshCommand<T>(login: Login, use: (args: string[]) => Promise<T>): Promise<T> {
  const { container, username, command = [] } = login
  const destination = ['-p', String(container.port), '-l', username, '--', container.host]
  const words = command.length === 0 ? [] : [remoteCommand(command)]
  return withVerifiedOptions(login, (options) => use([...options, ...destination, ...words]))
}

/**
 * Calls `use` with the options with which ssh, scp and rsync reach only the container whose host key was verified. The
 * files that they name exist until it ends; only this user can read them.
 */
export async function withVerifiedOptions<T>(login: Login, use: (options: string[]) => Promise<T>): Promise<T> {
  assertUsable(login.container, login.username)
  const knownHost = await knownHostOf(login)
  return withPrivateFolder(async (folder) => {
    const knownHosts = join(folder, 'known_hosts')
    writeFileSync(knownHosts, `${knownHost}\n`, { mode: 0o600 })
    return use(optionsOf(login, knownHosts))
  })
}

/** Returns the line of known_hosts with the container's key. Throws a `Failure` if it cannot be verified. */
export async function knownHostOf({
  container,
  proxyCommand,
}: Pick<Login, 'container' | 'proxyCommand'>): Promise<string> {
  if (proxyCommand === undefined) return verifiedHostKey(container)
  return `${hostKeyAlias(container)} ${hostKeyFromManager(container)}`
}

/** Returns options with which ssh connects through the manager. There, the host and the port are of no use. */
export function tunnelOptions(container: SshTarget, proxyCommand: string): string[] {
  return [`ProxyCommand=${proxyCommand}`, `HostKeyAlias=${hostKeyAlias(container)}`]
}

function optionsOf({ container, proxyCommand, identity, options = [] }: Login, knownHosts: string): string[] {
  const tunnel = proxyCommand === undefined ? [] : tunnelOptions(container, proxyCommand)
  return [
    ...[...tunnel, ...verifyingOptions(knownHosts)].flatMap((option) => ['-o', option]),
    // A connection that ssh shares may lead to the container that had the port before.
    ...['-o', 'ControlMaster=no', '-o', 'ControlPath=none'],
    ...(identity === undefined ? [] : ['-o', 'IdentitiesOnly=yes', '-i', identity]),
    ...options.flatMap((option) => ['-o', option]),
  ]
}

/** Returns options with which ssh accepts only the keys of this file. */
export function verifyingOptions(knownHosts: string): string[] {
  return [
    `UserKnownHostsFile=${quoted(knownHosts)}`,
    'GlobalKnownHostsFile=/dev/null',
    'StrictHostKeyChecking=yes',
    'HostKeyAlgorithms=ssh-ed25519',
    'UpdateHostKeys=no',
  ]
}

/** Quotes a path: ssh splits this option at blanks and expands %. */
function quoted(file: string): string {
  return `"${file.replaceAll('%', '%%')}"`
}

/**
 * Returns one word as a command line for the remote shell. Several words arrive as they are, as with `docker run`: ssh
 * would join them, and the shell would split them again.
 */
export function remoteCommand(words: readonly string[]): string {
  const [only = '', ...more] = words
  return more.length === 0 ? only : words.map(forShell).join(' ')
}
