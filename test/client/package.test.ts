/** `berth/client` as a project next door has it: installed by path, run by Node, checked by TypeScript. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { listening, openApi } from '../../lab/api.ts'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const { address } = await listening(await openApi())

const folder = mkdtempSync(join(tmpdir(), 'berth-next-door-'))
after(() => rmSync(folder, { recursive: true }))
mkdirSync(join(folder, 'node_modules'))
// What `npm install ../berth` makes.
symlinkSync(ROOT, join(folder, 'node_modules/berth'))
writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n')

const PROGRAM = `
import { answerOf, openClient } from 'berth/client'
const berth = openClient({ url: process.argv[2] ?? '' })
const { pools } = await answerOf(berth.GET('/v1/pools'))
console.log(pools.map((pool) => pool.name).join())
`

function check(file: string) {
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--allowImportingTsExtensions', '--types', 'node']
  const types = ['--typeRoots', join(ROOT, 'node_modules/@types'), '--skipLibCheck']
  return run(join(ROOT, 'node_modules/.bin/tsc'), [...options, ...types, file], { cwd: folder })
}

describe('berth/client', () => {
  it('can be imported by another project', async () => {
    writeFileSync(join(folder, 'program.ts'), PROGRAM)
    const { stdout } = await run(process.execPath, ['program.ts', address], { cwd: folder })
    assert.equal(stdout, 'alpine\n')
    await check('program.ts')
  })

  it('has types', async () => {
    writeFileSync(join(folder, 'wrong.ts'), PROGRAM.replace('pool.name', 'pool.nonsense'))
    await assert.rejects(check('wrong.ts'), (error: Error & { stdout: string }) => {
      assert.match(error.stdout, /'nonsense' does not exist/)
      return true
    })
  })
})
