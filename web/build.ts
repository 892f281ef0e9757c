/**
 * Builds the dashboard into web/dist. `node web/build.ts DIGEST`; run by scripts/lib/web, which passes the hash of the
 * sources.
 *
 * The build is made in a folder of its own and then moved into web/dist file by file, index.html last. So a manager
 * that serves web/dist always has a whole dashboard, also if this program is killed. Files of the previous build stay:
 * pages that are open in browsers still load parts of it.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { build } from 'vite'

const WEB = fileURLToPath(new URL('.', import.meta.url))
const DIST = join(WEB, 'dist')
const CACHE = fileURLToPath(new URL('../node_modules/.cache/vite', import.meta.url))
const INDEX = 'index.html'
/** The hash of the sources, then the names of the built files, one a line. */
const BUILT_FROM = '.built-from'
const TEMPORARY = '.new-'

/** Folders of killed builds are removed after this time. */
const MAX_BUILD_MS = 3_600_000

/** What compression does not make smaller is served as it is; so is index.html, which differs for each request. */
const COMPRESSIBLE = /\.(?:js|css|svg|json|txt|webmanifest)$/

async function main([digest = '']: readonly string[]): Promise<void> {
  mkdirSync(DIST, { recursive: true })
  removeAbandoned()
  // Below web/dist, so that moving a file is a rename.
  const fresh = mkdtempSync(join(DIST, TEMPORARY))
  try {
    await build({
      root: WEB,
      cacheDir: CACHE,
      configFile: join(WEB, 'vite.config.ts'),
      configLoader: 'native',
      mode: 'production',
      logLevel: 'warn',
      // The licences of the libraries ask for their texts beside every copy.
      build: { outDir: fresh, emptyOutDir: true, license: { fileName: 'licenses.md' } },
    })
    compress(fresh)
    publish(fresh, digest)
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
}

function removeAbandoned(): void {
  for (const name of readdirSync(DIST)) {
    const path = join(DIST, name)
    const isOld = name.startsWith(TEMPORARY) && statSync(path).mtimeMs < Date.now() - MAX_BUILD_MS
    if (isOld) rmSync(path, { recursive: true, force: true })
  }
}

function compress(folder: string): void {
  for (const name of filesIn(folder).filter((file) => COMPRESSIBLE.test(file))) {
    const path = join(folder, name)
    const bytes = readFileSync(path)
    writeFileSync(`${path}.br`, brotliCompressSync(bytes))
    writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }))
  }
}

/** Moves a build to web/dist, and removes files that belong neither to it nor to the build before it. */
function publish(fresh: string, digest: string): void {
  const previous = readPrevious()
  const built = filesIn(fresh)
  for (const name of [...built.filter((file) => file !== INDEX), INDEX]) {
    mkdirSync(dirname(join(DIST, name)), { recursive: true })
    renameSync(join(fresh, name), join(DIST, name))
  }
  writeFileSync(join(fresh, BUILT_FROM), `${[digest, ...built].join('\n')}\n`)
  renameSync(join(fresh, BUILT_FROM), join(DIST, BUILT_FROM))
  const kept = new Set([...built, ...previous, BUILT_FROM])
  for (const name of filesIn(DIST)) {
    if (!kept.has(name) && !name.startsWith(TEMPORARY)) rmSync(join(DIST, name))
  }
}

function readPrevious(): readonly string[] {
  try {
    return readFileSync(join(DIST, BUILT_FROM), 'utf8').trim().split('\n').slice(1)
  } catch {
    return []
  }
}

/** Returns the paths of the files below a folder, relative to it. */
function filesIn(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return names.filter((name) => statSync(join(folder, name)).isFile()).toSorted()
}

await main(process.argv.slice(2))
