import { readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Folders beside a playbook from which Ansible loads parts of it. */
const PARTS = ['files', 'group_vars', 'handlers', 'host_vars', 'library', 'roles', 'tasks', 'templates', 'vars']

/**
 * Returns a text that changes with the playbook, a YAML file beside it, or a file in Ansible's usual folders there;
 * never rejects.
 */
export async function playbookVersion(playbook: string): Promise<string> {
  const folder = dirname(playbook)
  const beside = (await list(folder, false)).filter((file) => /\.(ya?ml|cfg)$/.test(file))
  const parts = await Promise.all(PARTS.map((part) => list(join(folder, part), true)))
  const files = [...new Set([playbook, ...beside, ...parts.flat()])].sort()
  const versions = await Promise.all(files.map(versionOf))
  return versions.join('\n')
}

async function list(folder: string, recursive: boolean): Promise<string[]> {
  const entries = await readdir(folder, { recursive, withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

async function versionOf(file: string): Promise<string> {
  const found = await stat(file).catch(() => null)
  return found ? `${file} ${found.mtimeMs} ${found.size}` : `${file} is missing`
}
