/** Versions and digests of playbooks, by which a change is noticed. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'

/** Folders beside a playbook from which Ansible loads parts of it. */
const PARTS = ['files', 'group_vars', 'handlers', 'host_vars', 'library', 'roles', 'tasks', 'templates', 'vars']
/** Lies beside a playbook without being a part of it: a pool's new size must not make a new image. */
const EXCLUDED = 'berth.yml'
/** Part of every digest. Raise it when the same playbook makes a different image than before. */
const IMAGE_FORMAT = 1

/**
 * Returns a text that changes with the playbook, a YAML file beside it, or a file in Ansible's usual folders there;
 * never rejects.
 */
export async function playbookVersion(playbook: string): Promise<string> {
  const versions = await Promise.all((await filesOf(playbook)).map(versionOf))
  return versions.join('\n')
}

/**
 * Returns 12 hexadecimal digits of a digest of the base image and of the contents of the same files. Dates and the path
 * of the folder do not count, so a fresh clone of a repository needs no new image.
 */
export async function preparationDigest(playbook: string, base: string): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([IMAGE_FORMAT, base]))
  for (const file of await filesOf(playbook)) {
    hash.update(JSON.stringify([relative(dirname(playbook), file), await digestOf(file)]))
  }
  return hash.digest('hex').slice(0, 12)
}

async function filesOf(playbook: string): Promise<string[]> {
  const folder = dirname(playbook)
  const beside = (await list(folder, false)).filter(
    (file) => /\.(ya?ml|cfg)$/.test(file) && basename(file) !== EXCLUDED,
  )
  const parts = await Promise.all(PARTS.map((part) => list(join(folder, part), true)))
  return [...new Set([playbook, ...beside, ...parts.flat()])].sort()
}

async function list(folder: string, recursive: boolean): Promise<string[]> {
  const entries = await readdir(folder, { recursive, withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

async function versionOf(file: string): Promise<string> {
  const found = await stat(file).catch(() => null)
  return found ? `${file} ${found.mtimeMs} ${found.size}` : `${file} is missing`
}

/** Returns a digest of the file; null if it cannot be read. Reads in pieces: a playbook may install large files. */
async function digestOf(file: string): Promise<string | null> {
  const hash = createHash('sha256')
  try {
    for await (const piece of createReadStream(file)) hash.update(piece as Buffer)
  } catch {
    return null
  }
  return hash.digest('hex')
}
