/** docs/api.md, command by command, as copy and paste would run it; its answers are as it says. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { PROBLEMS } from '../../src/http/errors/catalogue.ts'
import { testManager } from '../../lab/manager.ts'

const run = promisify(execFile)
const text = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8')
const manager = await testManager('apidocs', { size: 3 })

before(async () => {
  await manager.start()
  await manager.untilReady()
})

interface Block {
  readonly commands: string
  /** What the page shows as the answer, where it does. */
  readonly answer: string | undefined
}

const blocks = [...text.matchAll(/```bash\n([\s\S]*?)```\n(?:\n```json\n([\s\S]*?)```)?/g)].map(
  ([, commands = '', answer]): Block => ({ commands, answer }),
)

/** Paths and kinds of everything in it; null is of any kind. */
function differences(shown: unknown, real: unknown, path = 'answer'): string[] {
  if (shown === null || real === null) return []
  if (Array.isArray(shown) && Array.isArray(real)) {
    return shown.length > 0 && real.length > 0 ? differences(shown[0], real[0], `${path}[0]`) : []
  }
  if (typeof shown !== typeof real) return [`${path} is ${typeof real}, not ${typeof shown}`]
  if (typeof shown !== 'object' || typeof real !== 'object') return []
  const keys = [...new Set([...Object.keys(shown), ...Object.keys(real)])]
  return keys.flatMap((key) => {
    if (!(key in shown)) return [`${path}.${key} is not shown`]
    if (!(key in real)) return [`${path}.${key} is not answered`]
    return differences(Reflect.get(shown, key), Reflect.get(real, key), `${path}.${key}`)
  })
}

describe('docs/api.md', () => {
  it('has commands that work, and answers that are true', async () => {
    assert.ok(blocks.length > 8)
    const mark = '=== next block ==='
    const session = blocks.map(({ commands }) => `${commands}\necho; echo '${mark}'`).join('\n')
    const env = { ...process.env, BERTH_URL: manager.url, BERTH_TOKEN: 'none' }
    const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', session], { cwd: manager.folder, env })
    const outputs = stdout.split(mark)
    for (const [index, { commands, answer }] of blocks.entries()) {
      if (answer === undefined) continue
      const output = outputs[index]?.trim() ?? ''
      assert.deepEqual(differences(JSON.parse(answer), JSON.parse(output)), [], `${commands}\n${output}`)
    }
  })

  it('would be found out', () => {
    const shown = { a: 'x', list: [{ b: 1 }], gone: 1 }
    const real = { a: 1, list: [{ b: 1, c: 2 }] }
    assert.deepEqual(differences(shown, real), [
      'answer.a is number, not string',
      'answer.list[0].c is not shown',
      'answer.gone is not answered',
    ])
  })

  it('names every code, with its status', () => {
    // Outcomes of reservations have rows, too, and some have the name of a code.
    const errors = text.split('\n## Errors\n')[1] ?? assert.fail('no section on errors')
    for (const [code, { status }] of Object.entries(PROBLEMS)) {
      if (status === 500) continue
      const row = errors.split('\n').find((line) => line.includes(`\`${code}\``) && line.startsWith('|'))
      assert.ok(row?.includes(String(status)), `${code} ${status}: ${row}`)
    }
  })
})
