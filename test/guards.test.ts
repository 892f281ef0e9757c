/**
 * Each tool of `just check` can fail: with our own settings it passes a sound little project and refuses a flawed
 * one. A linter that reads no file, or no types, would pass both.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const SETTINGS = ['.gitignore', '.oxlintrc.json', 'biome.json', 'knip.json', 'tsconfig.json']

const folder = mkdtempSync(join(tmpdir(), 'berth-guards-'))
after(() => rmSync(folder, { recursive: true }))

/** A project of two files, of which the second is as given. */
function project(name: string, flawed: string): string {
  const path = join(folder, name)
  mkdirSync(join(path, 'src'), { recursive: true })
  for (const file of SETTINGS) copyFileSync(join(ROOT, file), join(path, file))
  symlinkSync(join(ROOT, 'node_modules'), join(path, 'node_modules'))
  writeFileSync(join(path, 'package.json'), '{\n  "name": "guarded",\n  "type": "module"\n}\n')
  writeFileSync(join(path, 'src/main.ts'), "import { later } from './part.ts'\n\nawait later()\n")
  writeFileSync(join(path, 'src/part.ts'), flawed)
  spawnSync('git', ['init', '--quiet'], { cwd: path })
  return path
}

function check(path: string, tool: string, ...args: string[]): { passes: boolean; output: string } {
  const options = { cwd: path, encoding: 'utf8', timeout: 60_000 } as const
  const { status, stdout, stderr } = spawnSync(join(ROOT, 'node_modules/.bin', tool), args, options)
  return { passes: status === 0, output: stdout + stderr }
}

const SOUND = `export async function later(): Promise<number> {
  return 1
}
`

const GUARDS: readonly [tool: string, args: string[], flaw: string, says: RegExp][] = [
  ['biome', ['ci', '.'], SOUND.replace('return 1', 'return  1;'), /[Ff]ormat/],
  ['biome', ['ci', '.'], SOUND.replace('return 1', "return Number(process.env['HOME'])"), /noProcessEnv/],
  ['oxlint', ['--type-aware'], `${SOUND}\nlater()\n`, /no-floating-promises/],
  ['tsc', ['-p', '.'], SOUND.replace('return 1', "return 'one'"), /TS2322/],
  ['knip', ['--include', 'exports'], `${SOUND}\nexport const nobodyWantsMe = 1\n`, /nobodyWantsMe/],
]

describe('the tools of `just check`', () => {
  const sound = project('sound', SOUND)
  for (const [index, [tool, args, flaw, says]] of GUARDS.entries()) {
    it(`${tool} ${args.join(' ')} refuses what is flawed (${says.source}), and only that`, () => {
      const passed = check(sound, tool, ...args)
      assert.equal(passed.passes, true, passed.output)
      const refused = check(project(`flawed-${index}`, flaw), tool, ...args)
      assert.equal(refused.passes, false)
      assert.match(refused.output, says)
    })
  }
})
