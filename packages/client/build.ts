import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const ROOT = resolve(HERE, '../..')

/** File extensions by module format: `js` and `d.ts` for `import`, `cjs` and `d.cts` for `require`. */
const FORMATS = [
  { format: 'esm', js: 'js', types: 'd.ts' },
  { format: 'cjs', js: 'cjs', types: 'd.cts' },
] as const

/** Packages whose types are part of the client's. */
const TYPES_OF_PACKAGES = ['openapi-fetch', 'openapi-typescript-helpers']

/** Writes the client in both formats, with its types, below `folder`/dist. Returns the files that were bundled. */
export async function buildClient(folder: string): Promise<readonly string[]> {
  const types = declarations(join(folder, 'types'))
  const inputs: string[] = []
  for (const { format, js, types: extension } of FORMATS) {
    const { metafile } = await build({
      absWorkingDir: ROOT,
      entryPoints: ['src/client/client.ts', 'src/client/events.ts'],
      outdir: join(folder, 'dist'),
      outExtension: { '.js': `.${js}` },
      bundle: true,
      // Neither Node's modules nor those of browsers: the client must work in both.
      platform: 'neutral',
      conditions: ['import'],
      format,
      target: 'es2022',
      metafile: true,
      logLevel: 'warning',
      plugins: [oneClient(js)],
    })
    inputs.push(...Object.keys(metafile.inputs))
    for (const [name, text] of types) {
      writeFileSync(join(folder, 'dist', `${name}.${extension}`), withExtension(text, js))
    }
  }
  return [...inputs, ...TYPES_OF_PACKAGES.map((name) => `node_modules/${name}/`)]
}

/** Keeps `client` a file of its own: with a copy in `events`, there would be two classes `ApiError`. */
function oneClient(extension: string): Plugin {
  return {
    name: 'one-client',
    setup({ onResolve }) {
      onResolve({ filter: /^\.\/client\.ts$/ }, () => ({ path: `./client.${extension}`, external: true }))
    },
  }
}

/** Returns the declarations of the client's files, and of the packages whose types they use, by name. */
function declarations(folder: string): [name: string, text: string][] {
  mkdirSync(folder)
  execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', HERE, '--outDir', folder], { stdio: 'inherit' })
  const ours = readdirSync(folder).map((file): [string, string] => [
    file.replace(/\.d\.ts$/, ''),
    readFileSync(join(folder, file), 'utf8'),
  ])
  rmSync(folder, { recursive: true })
  const packages = TYPES_OF_PACKAGES.map((name): [string, string] => [
    name,
    readFileSync(join(ROOT, 'node_modules', name, 'dist/index.d.mts'), 'utf8'),
  ])
  return [...ours, ['schema', readFileSync(join(ROOT, 'src/client/schema.d.ts'), 'utf8')], ...packages]
}

/** Returns a declaration whose imports name the files of the package. */
function withExtension(text: string, extension: string): string {
  return text.replaceAll(/(from |import\()(["'])(\.\/)?([\w-]+)(?:\.d)?(?:\.ts)?\2/g, `$1$2./$4.${extension}$2`)
}
