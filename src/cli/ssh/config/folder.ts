/**
 * The part of ssh's configuration that describes the containers of one manager:
 *
 *     ssh/<manager>/config             a block for each container, for `Include` or `ssh -F`
 *     ssh/<manager>/known_hosts/NAME   the host key of one container
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
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

/** Replaces what is there about this manager. Keys are written before the blocks that name them. */
export function writeSshConfig(stateDir: string, url: string, hosts: readonly SshHost[]): WrittenConfig {
  const manager = createHash('sha256').update(url).digest('hex').slice(0, 12)
  const folder = join(sshFolder(stateDir), manager)
  const keys = join(folder, 'known_hosts')
  mkdirSync(keys, { recursive: true, mode: 0o700 })
  const blocks = hosts.map((host) => {
    const knownHosts = join(keys, host.name)
    const block = blockOf(host, knownHosts)
    replaceFile(knownHosts, `${host.alias} ${host.hostKey}\n`)
    return block
  })
  const head = `# Containers reserved at ${forTerminal(url)}, written by berth. Changes are lost.\n`
  const text = [head, ...blocks].join('\n')
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
