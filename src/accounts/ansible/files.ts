/** The files of one run of Ansible: inventory, variables, and a wrapper that shows which hosts have finished. */
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export type Variables = Readonly<Record<string, string | boolean | readonly string[]>>

/** A host of the inventory, with the engine's connection variables. */
export interface Host {
  readonly name: string
  readonly connection: Readonly<Record<string, string>>
}

export interface PlaybookFiles {
  readonly directory: string
  readonly inventory: string
  /** Text of the variables file, which the run itself writes, as it may hold secrets. */
  readonly variables: string
  readonly playbook: string
}

/**
 * Name of the variable that holds the playbook's path. Written into the wrapper itself, a path would be split at blanks
 * and quotes, and treated as a template.
 */
const PLAYBOOK = 'berth_playbook'
const PREFIX = 'berth-ansible-'
/** A younger directory may belong to a run that has not locked it yet. */
const LEFTOVER_MS = 60_000

/** Name of the play that a host reaches only if everything before it worked. */
export const FINISHED_PLAY = 'berth: finished'

/** Writes the files into a new directory that only our user may enter. */
export async function writePlaybookFiles(
  hosts: readonly Host[],
  playbook: string,
  variables: Variables,
): Promise<PlaybookFiles> {
  const directory = await mkdtemp(join(parentDirectory(), PREFIX)) // 0700
  const files = {
    directory,
    inventory: join(directory, 'inventory.yml'),
    variables: toUnsafeYaml({ ...variables, [PLAYBOOK]: playbook }),
    playbook: join(directory, 'playbook.yml'),
  }
  const write = (path: string, text: string) => writeFile(path, text, { mode: 0o600 })
  try {
    await write(files.inventory, inventoryOf(hosts))
    await write(files.playbook, WRAPPER)
    return files
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

/** Returns an absolute path, since runs have a working directory of their own. */
function parentDirectory(): string {
  const parent = resolve(tmpdir())
  return hasVariable(parent) ? '/tmp' : parent
}

/** Whether Ansible would expand an environment variable in this path: $HOME or ${HOME}. */
export function hasVariable(path: string): boolean {
  return /\$(?:\w|\{)/.test(path)
}

/**
 * Returns our user's directories whose run may have ended without removing them: it was killed, or the machine stopped.
 */
export async function findLeftovers(now: number): Promise<string[]> {
  const parent = parentDirectory()
  const names = await readdir(parent).catch(() => [])
  const paths = names.filter((name) => name.startsWith(PREFIX)).map((name) => join(parent, name))
  const isOld = async (path: string) => {
    const found = await stat(path).catch(() => null)
    return found !== null && found.uid === process.getuid?.() && now - found.mtimeMs >= LEFTOVER_MS
  }
  const old = await Promise.all(paths.map(isOld))
  return paths.filter((_, index) => old[index])
}

/** Returns YAML, of which JSON is a subset. */
function inventoryOf(hosts: readonly Host[]): string {
  return JSON.stringify({
    all: {
      vars: { ansible_python_interpreter: '/usr/bin/python3' },
      hosts: Object.fromEntries(hosts.map(({ name, connection }) => [name, connection])),
    },
  })
}

/**
 * Ansible treats variables as templates: an SSH key with the comment "{{ lookup('pipe', 'id') }}" would run a command
 * on this machine. `!unsafe` keeps a value a value; it has to stand before each string.
 */
function toUnsafeYaml(variables: Variables): string {
  const text = (value: string) => `!unsafe ${toAsciiJson(value)}`
  const yaml = (value: Variables[string]) =>
    typeof value === 'boolean'
      ? String(value)
      : typeof value === 'string'
        ? text(value)
        : `[${value.map(text).join(', ')}]`
  const lines = Object.entries(variables).map(([name, value]) => `${name}: ${yaml(value)}`)
  return `${lines.join('\n') || '{}'}\n${END}\n`
}

/** Ends the YAML document. It is missing if the manager died while it wrote the variables. */
export const END = '...'

/** Escapes what is not ASCII: YAML forbids a few characters that JSON allows, and pairs of surrogates. */
function toAsciiJson(value: string): string {
  const escaped = (character: string) => `\\U${character.codePointAt(0)?.toString(16).padStart(8, '0')}`
  return JSON.stringify(value).replaceAll(/[^\x20-\x7e]/gu, escaped)
}

/**
 * Runs the playbook, and after it a play of our own that shows which hosts got there. Ansible's statistics do not
 * distinguish a host that is done from one that was left behind (any_errors_fatal, max_fail_percentage, end_play):
 * nothing failed on either.
 */
const WRAPPER = JSON.stringify([
  { import_playbook: `{{ ${PLAYBOOK} }}` },
  { name: FINISHED_PLAY, hosts: 'all', gather_facts: false, tasks: [{ name: 'done', 'ansible.builtin.debug': {} }] },
])
