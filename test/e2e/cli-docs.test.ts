/** docs/cli.md: its commands work as they stand, but for the names of the containers; what it says of exit codes is so. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { EXIT_CODES } from '../../src/cli/failures.ts'
import { BERTH, testBerth } from '../support/berth.ts'
import { testManager } from '../support/manager.ts'

const execute = promisify(execFile)
const DOCS = new URL('../../docs', import.meta.url)
const text = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8')
const manager = await testManager('clidocs', { size: 3 })
const berth = testBerth({ BERTH_URL: manager.url, BERTH_CONFIG: join(manager.folder, 'berth.yml') })

before(async () => {
  await manager.start()
  await manager.untilReady()
})

const blocks = [...text.matchAll(/```bash\n([\s\S]*?)```/g)].map(([, commands = '']) => commands)

async function runBlock(commands: string): Promise<string> {
  await manager.untilReady()
  const script = commands.replaceAll('alpine', manager.pool)
  const env = { ...berth.env, PATH: `${join(berth.home, 'bin')}:${process.env['PATH']}`, ANSIBLE_NOCOLOR: '1' }
  const { stdout } = await execute('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: berth.home,
    env,
    timeout: 120_000,
  })
  return stdout
}

describe('docs/cli.md', () => {
  before(async () => {
    mkdirSync(join(berth.home, '.ssh'))
    mkdirSync(join(berth.home, 'bin'))
    for (const name of ['berth', 'berth-inventory'])
      symlinkSync(join(dirname(BERTH), name), join(berth.home, 'bin', name))
    cpSync(DOCS, join(berth.home, 'docs'), { recursive: true })
    await execute('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(berth.home, '.ssh/id_ed25519')])
  })

  it('has commands that work', async () => {
    const [first = '', run = '', ansible = '', programs = '', operators = '', ...more] = blocks
    assert.deepEqual(more, [])
    assert.match(await runBlock(first), /Reserved 2 containers for alice.*Linux clidocs-.*\(2h 30m\).*Released/s)
    assert.match(await runBlock(run), /^42\n(?:.*\n)*cli\.md\n(?:.*\n)*(clidocs-.*) \| \1$/m)
    const output = await runBlock(ansible)
    assert.equal(output.match(/SUCCESS/g)?.length, 2, output)
    assert.match(output, /@pool_clidocs_.*Released/s)
    assert.match(await runBlock(programs), /"reservations": \[\].*\n3\n\{"id":.*\nusername,.*\n/s)
    assert.match(await runBlock(operators), /has 3 places now.*-3 is removing.*No difference/s)
  })

  it('has the exit codes of the command', () => {
    const shown = [...text.matchAll(/^\| (\d+|other) \| (.*) \|$/gm)].map(([, code, meaning]) => [code, meaning])
    assert.deepEqual(shown, EXIT_CODES)
  })

  it('names every command', async () => {
    const { stdout } = await berth.run('help')
    const commands = [...stdout.matchAll(/^ {2}([a-z]+)(?:\|[a-z]+)?(?: |$)/gm)].map(([, name]) => name)
    assert.ok(commands.length > 18, commands.join())
    for (const command of commands) assert.match(text, new RegExp(`\`?berth ${command}\\b`), command)
  })
})
