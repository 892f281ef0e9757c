/**
 * Builds the packages that are installed without the checkout, and packs each into a tarball:
 *
 *     node packages/build.ts [FOLDER]        # default: dist
 *
 * writes FOLDER/berth-cli-VERSION.tgz and FOLDER/berth-client-VERSION.tgz.
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildCli } from './cli/build.ts'
import { buildClient } from './client/build.ts'
import { licensesOf } from './licenses.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PACKAGES = { cli: buildCli, client: buildClient } as const

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
const target = resolve(process.argv[2] ?? join(ROOT, 'dist'))
mkdirSync(target, { recursive: true })
// Inside the target, so that the finished tarballs can be moved there in one step: a manager may be serving them.
const work = mkdtempSync(join(target, 'build-'))
try {
  for (const [name, build] of Object.entries(PACKAGES)) {
    const folder = join(work, name)
    mkdirSync(folder)
    const inputs = await build(folder)
    writeFileSync(join(folder, 'LICENSES-OF-DEPENDENCIES'), licensesOf(inputs, ROOT))
    copyFileSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'))
    copyFileSync(join(ROOT, 'packages', name, 'README.md'), join(folder, 'README.md'))
    const manifest = JSON.parse(readFileSync(join(ROOT, 'packages', name, 'package.json'), 'utf8')) as object
    writeFileSync(join(folder, 'package.json'), `${JSON.stringify({ ...manifest, version }, null, 2)}\n`)
    const options = ['--silent', '--ignore-scripts', '--offline', '--pack-destination', work]
    const file = execFileSync('npm', ['pack', ...options], { cwd: folder, encoding: 'utf8' }).trim()
    renameSync(join(work, file), join(target, file))
    process.stdout.write(`${join(target, file)}\n`)
  }
} finally {
  rmSync(work, { recursive: true })
}
