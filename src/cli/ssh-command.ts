/** One login with the system's ssh, to a container whose host key was verified. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Place, verifiedHostKey } from './host-keys.ts'
import { withPrivateFolder } from './private-folder.ts'

export interface Login {
  readonly place: Place
  readonly username: string
  /** Private key; without one, ssh does what it does and may ask for a password. */
  readonly identity: string | undefined
  /** As `ssh -o` takes them. */
  readonly options?: readonly string[]
  readonly command?: readonly string[]
}

/** Calls `use` with ssh's arguments. What they point to is there until it has ended, for this user alone. */
export async function withSshCommand<T>(login: Login, use: (args: string[]) => Promise<T>): Promise<T> {
  const hostKey = await verifiedHostKey(login.place)
  return withPrivateFolder(async (folder) => {
    const knownHosts = join(folder, 'known_hosts')
    writeFileSync(knownHosts, `${hostKey}\n`, { mode: 0o600 })
    return use(sshArguments(login, knownHosts))
  })
}

function sshArguments({ place, username, identity, options = [], command = [] }: Login, knownHosts: string): string[] {
  return [
    ...verifyingOptions(knownHosts).flatMap((option) => ['-o', option]),
    // A connection that ssh shares may lead to whoever had the port before.
    ...['-o', 'ControlMaster=no', '-o', 'ControlPath=none'],
    ...(identity === undefined ? [] : ['-o', 'IdentitiesOnly=yes', '-i', identity]),
    ...options.flatMap((option) => ['-o', option]),
    ...['-p', String(place.port), '-l', username, '--', place.host],
    ...(command.length === 0 ? [] : [remoteCommand(command)]),
  ]
}

/** Options of ssh with which no key counts but those of this file. */
export function verifyingOptions(knownHosts: string): string[] {
  return [
    `UserKnownHostsFile=${quoted(knownHosts)}`,
    'GlobalKnownHostsFile=/dev/null',
    'StrictHostKeyChecking=yes',
    'HostKeyAlgorithms=ssh-ed25519',
    'UpdateHostKeys=no',
  ]
}

/** ssh takes a list of files here, with % for what it fills in. */
function quoted(file: string): string {
  return `"${file.replaceAll('%', '%%')}"`
}

/**
 * One word is a command line for the shell over there; several arrive as they are, as with `docker run`, where ssh would
 * join them and have the shell take them apart again.
 */
function remoteCommand(words: readonly string[]): string {
  const [only = '', ...more] = words
  return more.length === 0 ? only : words.map(shellWord).join(' ')
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
