/** Completion, as a real bash does it; what the scripts know is what the command knows. */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { answerOf, openClient } from '../../src/client/client.ts'
import { listening, openApi } from '../support/api.ts'
import { BERTH, testBerth } from '../support/berth.ts'

const { address } = await listening(await openApi())
const berth = testBerth({ BERTH_URL: address })
let script = ''

before(async () => {
  script = (await berth.run('completion', 'bash')).stdout
})

/** What bash offers behind these words; the last one is being typed. */
async function offered(...words: string[]): Promise<string[]> {
  const program = `
    PATH="$(dirname "$BERTH"):$PATH"
    source /dev/stdin <<<"$SCRIPT"
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    compopt() { :; } # only works while bash itself completes
    _berth
    printf '%s\\n' "\${COMPREPLY[@]}"`
  const env = { ...berth.env, SCRIPT: script, BERTH }
  const { stdout } = await promisify(execFile)('bash', ['-euc', program, '-', 'berth', ...words], {
    env,
    cwd: berth.home,
  })
  return stdout.split('\n').filter((word) => word !== '')
}

describe('completion for bash', () => {
  it('knows the commands', async () => {
    assert.deepEqual(await offered('re'), ['reserve', 'release'])
    assert.deepEqual(await offered('containers', 'r'), ['recycle', 'return'])
    assert.deepEqual(await offered('token', 'create', '--ad'), ['--admin'])
    const all = await offered('')
    for (const command of ['reserve', 'run', 'ssh', 'ls', 'doctor', 'completion', '--url'])
      assert.ok(all.includes(command))
    assert.ok(!all.includes('names'), 'what is for scripts is not shown')
  })

  it('knows options, and what may follow them', async () => {
    assert.deepEqual(await offered('reserve', '--co'), ['--count'])
    assert.deepEqual(await offered('ls', '--state', 'en'), ['ending', 'ended'])
    assert.deepEqual(await offered('reserve', '--count', ''), [])
    assert.deepEqual(await offered('completion', 'b'), ['bash'])
    assert.deepEqual(await offered('run', '--count', '1', '--', 'l'), [], 'files, as ever')
  })

  it('knows what is reserved', async () => {
    const reserved = await answerOf(openClient({ url: address }).POST('/v1/reservations', { body: { count: 2 } }))
    const names = [reserved.id.slice(0, 8), ...reserved.containers.map(({ name }) => name)]
    const about = await offered('ssh', '')
    assert.deepEqual(about.filter((word) => !word.startsWith('-')).toSorted(), names.toSorted())
    assert.deepEqual(await offered('release', 'alpine-1'), ['alpine-1'])
  })
})

describe('completion scripts', () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    it(`say all commands in ${shell}, in its own words`, async () => {
      const { code, stdout } = await berth.run('completion', shell)
      assert.equal(code, 0)
      for (const word of ['quarantine', 'idempotency-key', 'preparing', 'berth completion names']) {
        assert.ok(stdout.includes(word), word)
      }
      // Where the machine has it, the shell itself reads the script.
      const read = spawnSync(shell, ['-n'], { input: stdout, encoding: 'utf8' })
      if (!read.error) assert.deepEqual({ status: read.status, stderr: read.stderr }, { status: 0, stderr: '' })
    })
  }

  it('are for the shells that there are', async () => {
    const { code, stderr } = await berth.run('completion', 'tcsh')
    assert.equal(code, 2)
    assert.match(stderr, /Allowed choices are bash, zsh, fish/)
  })
})
