import { chmodSync, copyFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const ROOT = resolve(HERE, '../..')

/** Replaces the modules that need a checkout: those of the manager, and the search for the checkout itself. */
const WITHOUT_MANAGER: Plugin = {
  name: 'without-manager',
  setup({ onResolve }) {
    // Modules that commands load with `import(…)` belong to the manager: the import rules allow no others.
    onResolve({ filter: /^\.\.?\// }, ({ kind }) => {
      return kind === 'dynamic-import' ? { path: join(HERE, 'needs-checkout.ts') } : undefined
    })
    onResolve({ filter: /\/checkout\.ts$/ }, () => ({ path: join(HERE, 'checkout.ts') }))
  },
}

/** Writes the command and `berth-inventory` below `folder`. Returns the files that were bundled. */
export async function buildCli(folder: string): Promise<readonly string[]> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['src/cli/main.ts'],
    // In bin/, because the command reads its version from ../package.json, as src/version.ts does.
    outfile: join(folder, 'bin/berth.js'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    // Bundled CommonJS packages load the modules of Node with `require`.
    banner: {
      js: "#!/usr/bin/env node\nimport { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)",
    },
    minifySyntax: true,
    minifyWhitespace: true,
    metafile: true,
    logLevel: 'warning',
    plugins: [WITHOUT_MANAGER],
  })
  copyFileSync(join(HERE, 'berth-inventory.js'), join(folder, 'bin/berth-inventory.js'))
  for (const name of ['berth.js', 'berth-inventory.js']) chmodSync(join(folder, 'bin', name), 0o755)
  return Object.keys(metafile.inputs)
}
