/** What ansible-playbook reads for one run: inventory, variables, and the playbook wrapped so that its end is seen. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Target } from '../core/ports.ts'

export type Variables = Readonly<Record<string, string | boolean | readonly string[]>>

export interface PlaybookFiles {
  readonly directory: string
  readonly inventory: string
  readonly variables: string
  readonly playbook: string
}

/** The play that a host reaches only when everything before it worked. */
export const finishedPlay = 'berth: finished'

/** In a fresh directory that only we may enter: the variables hold password hashes. */
export async function writePlaybookFiles(
  targets: readonly Target[],
  playbook: string,
  variables: Variables,
): Promise<PlaybookFiles> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-ansible-')) // 0700
  const files = {
    directory,
    inventory: join(directory, 'inventory.yml'),
    variables: join(directory, 'variables.yml'),
    playbook: join(directory, 'playbook.yml'),
  }
  const write = (path: string, text: string) => writeFile(path, text, { mode: 0o600 })
  try {
    await write(files.inventory, inventoryOf(targets))
    await write(files.variables, toUnsafeYaml(variables))
    await write(files.playbook, wrap(playbook))
    return files
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

/**
 * Hosts by name, reached by id: should a container be replaced meanwhile, the run does not touch its successor.
 * The connection by the docker client follows DOCKER_HOST, and with ten hosts takes two thirds of docker_api's time.
 * A JSON text is a YAML text.
 */
function inventoryOf(targets: readonly Target[]): string {
  return JSON.stringify({
    all: {
      vars: { ansible_connection: 'community.docker.docker', ansible_python_interpreter: '/usr/bin/python3' },
      hosts: Object.fromEntries(targets.map(({ id, name }) => [name, { ansible_host: id }])),
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
  return lines.length > 0 ? `${lines.join('\n')}\n` : '{}\n'
}

/** YAML reads JSON's strings, except for a few characters that it forbids and for pairs of surrogates. */
function toAsciiJson(value: string): string {
  const escaped = (character: string) => `\\U${character.codePointAt(0)?.toString(16).padStart(8, '0')}`
  return JSON.stringify(value).replaceAll(/[^\x20-\x7e]/gu, escaped)
}

/**
 * Statistics alone do not tell a host that is done from one that was left behind (any_errors_fatal, max_fail_percentage,
 * end_play): in both cases nothing failed on it. So a last play of our own says who got there.
 */
function wrap(playbook: string): string {
  return JSON.stringify([
    { import_playbook: playbook },
    { name: finishedPlay, hosts: 'all', gather_facts: false, tasks: [{ name: 'done', 'ansible.builtin.debug': {} }] },
  ])
}
