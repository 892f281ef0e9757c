/**
 * The part of ssh's configuration that describes the containers of one manager:
 *
 *     ssh/<manager>/config             a block for each container, for `Include` or `ssh -F`
 *     ssh/<manager>/known_hosts/NAME   the host key of one container
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { forTerminal } from '../../../domain/text/foreign-text.ts'
import { blockOf, type SshHost } from './hosts.ts'

export interface WrittenConfig {
  readonly file: string
  readonly text: string
}

/** Returns the folder with those of all managers. */
export function sshFolder(stateDir: string): string {
  return join(stateDir, 'ssh')
}

/** Lines by which the configuration remembers an option. */
const CHOICES = { true: '# Written with --tunnel.\n', false: '# Written with --no-tunnel.\n' } as const

/** Returns whether the present configuration was written with --tunnel or --no-tunnel; undefined without either. */
export function chosenBefore(stateDir: string, url: string): boolean | undefined {
  const file = join(folderOf(stateDir, url), 'config')
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  return text.includes(CHOICES.true) ? true : text.includes(CHOICES.false) ? false : undefined
}

function folderOf(stateDir: string, url: string): string {
  return join(sshFolder(stateDir), createHash('sha256').update(url).digest('hex').slice(0, 12))
}

/**
 * Replaces what is there about this manager. Keys are written before the blocks that name them. `tunnel`: the option to
 * remember.
 */
export function writeSshConfig(
  stateDir: string,
  url: string,
  hosts: readonly SshHost[],
  tunnel?: boolean,
): WrittenConfig {
  const folder = folderOf(stateDir, url)
  const keys = join(folder, 'known_hosts')
  mkdirSync(keys, { recursive: true, mode: 0o700 })
  const blocks = hosts.map((host) => {
    const knownHosts = join(keys, host.name)
    const block = blockOf(host, knownHosts)
    replaceFile(knownHosts, `${host.alias} ${host.hostKey}\n`)
    return block
  })
  const head = `# Containers reserved at ${forTerminal(url)}, written by berth. Changes are lost.\n`
  const choice = tunnel === undefined ? '' : CHOICES[`${tunnel}`]
  const text = [head + choice, ...blocks].join('\n')
  const file = join(folder, 'config')
  replaceFile(file, text)
  const names = new Set(hosts.map(({ name }) => name))
  for (const name of readdirSync(keys)) {
    if (!names.has(name)) rmSync(join(keys, name), { force: true })
  }
  return { file, text }
}

export function removeSshConfig(stateDir: string): void {
  rmSync(sshFolder(stateDir), { recursive: true, force: true })
}

/** Writes a file that no reader sees half of. */
export function replaceFile(file: string, content: string, mode = 0o600): void {
  const fresh = `${file}.${process.pid}`
  writeFileSync(fresh, content, { mode })
  renameSync(fresh, file)
}
