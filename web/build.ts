/**
 * Builds the dashboard into web/dist. `node web/build.ts DIGEST`; run by scripts/lib/web, which passes the hash of the
 * sources.
 *
 * The build is made in a temporary folder, then moved into web/dist file by file, index.html last. Therefore web/dist
 * is complete at any time, even if this program is killed. Files of the previous build stay, because open pages still
 * load them.
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
/** File with the hash of the sources and the names of the built files, one per line. */
const BUILT_FROM = '.built-from'
/** Prefix of the temporary folders. */
const TEMPORARY = '.new-'

/** Minimum age of a temporary folder to be removed as that of a killed build: no build takes an hour. */
const MIN_ABANDONED_MS = 3_600_000

/** Files to compress. Not index.html, which differs for each request. */
const COMPRESSIBLE = /\.(?:js|css|svg|json|txt|webmanifest)$/

async function main([digest = '']: readonly string[]): Promise<void> {
  mkdirSync(DIST, { recursive: true })
  removeAbandoned()
  // In web/dist, so that moving a file is a rename.
  const fresh = mkdtempSync(join(DIST, TEMPORARY))
  try {
    await build({
      root: WEB,
      cacheDir: CACHE,
      configFile: join(WEB, 'vite.config.ts'),
      configLoader: 'native',
      mode: 'production',
      logLevel: 'warn',
      // The licences of the libraries require their texts in every copy.
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
    const isOld = name.startsWith(TEMPORARY) && statSync(path).mtimeMs < Date.now() - MIN_ABANDONED_MS
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
