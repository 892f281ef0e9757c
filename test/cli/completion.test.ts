/** Completion by real shells. The words come from the command's own tree. */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { answerOf, openClient } from '../../src/client/client.ts'
import { listening, openApi } from '../../lab/api.ts'
import { BERTH, testBerth } from '../support/manager/berth.ts'
import { executables } from '../support/text/hostile-texts.ts'

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
  it('offers commands', async () => {
    assert.deepEqual(await offered('re'), ['reserve', 'release', 'reset', 'reload'])
    assert.deepEqual(await offered('containers', 'r'), ['recycle', 'return'])
    assert.deepEqual(await offered('token', 'create', '--ad'), ['--admin'])
    const all = await offered('')
    for (const command of ['reserve', 'run', 'ssh', 'ls', 'doctor', 'completion', '--url'])
      assert.ok(all.includes(command))
    assert.deepEqual(await offered('completion', 'w'), [], 'hidden commands are not offered')
  })

  it('offers options and their values', async () => {
    assert.deepEqual(await offered('reserve', '--co'), ['--count'])
    assert.deepEqual(await offered('ls', '--state', 'en'), ['ending', 'ended'])
    assert.deepEqual(await offered('reserve', '--count', ''), [])
    assert.deepEqual(await offered('completion', 'b'), ['bash'])
    assert.deepEqual(await offered('run', '--count', '1', '--', 'l'), [], 'files, as ever')
  })

  it('leaves file names to bash, which quotes them: they become part of the command line', async () => {
    const name = 'k$(touch planted)'
    writeFileSync(join(berth.home, name), '')
    for (const words of ['reserve --key k', 'backup k', 'run -- k']) {
      const program = `source /dev/stdin <<<"$SCRIPT"
        PATH="$(dirname "$BERTH"):$PATH"
        compopt() { printf '%s\\n' "$*"; }
        COMP_WORDS=(berth ${words}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
        _berth
        printf '%s\\n' "\${COMPREPLY[@]}"`
      const env = { ...berth.env, SCRIPT: script, BERTH }
      const { stdout } = spawnSync('bash', ['-euc', program], { env, cwd: berth.home, encoding: 'utf8' })
      assert.equal(stdout.trim(), '-o default', words)
    }
    rmSync(join(berth.home, name))
  })

  it('offers reservations and containers', async () => {
    const reserved = await answerOf(openClient({ url: address }).POST('/v1/reservations', { body: { count: 2 } }))
    const names = [reserved.id.slice(0, 8), ...reserved.containers.map(({ name }) => name), 'user']
    const about = await offered('ssh', '')
    assert.deepEqual(about.filter((word) => !word.startsWith('-')).toSorted(), names.toSorted())
    assert.deepEqual(await offered('release', 'alpine-1'), ['alpine-1'])
  })
})

/** What each shell offers behind `berth COMMAND`, one a line. */
const TAB: Readonly<Record<string, (script: string, command: string) => string>> = {
  bash: (file, command) => `source '${file}'; compopt() { :; }
    COMP_WORDS=(berth ${command} ''); COMP_CWORD=2; _berth; printf '%s\\n' "\${COMPREPLY[@]}"`,
  // Outside of an editor, _describe has nothing to complete: what it would be given is printed.
  zsh: (file, command) => `autoload -Uz compinit; compinit -D -u; source '${file}'
    _describe() { print -rl -- \${entries%%:*}; }; words=(berth ${command} ''); CURRENT=3; _berth`,
  fish: (file, command) => `source '${file}'; complete -C 'berth ${command} '`,
}

describe('completion with a hostile manager', () => {
  const planted = join(berth.home, 'planted')
  const bin = join(berth.home, 'bin')
  mkdirSync(planted)
  mkdirSync(bin)
  const HOSTILE = [...executables(planted), '-x', 'a\u001b[31m', 'a b', 'a:b']
  // As a command that filters nothing would print them. The plain name among them is offered.
  const names = join(berth.home, 'names')
  writeFileSync(names, `${[...HOSTILE, 'alpine-7'].join('\n')}\n`)
  writeFileSync(join(bin, 'berth'), `#!/bin/sh\ncat '${names}'\n`, { mode: 0o755 })
  const env = { ...berth.env, PATH: `${bin}:${berth.env['PATH']}` }

  for (const [shell, tab] of Object.entries(TAB)) {
    const missing = spawnSync(shell, ['--version']).error !== undefined
    // Set-up installs bash alone; the others are tried where the machine has them.
    it(`executes nothing in ${shell}, and offers only names`, {
      skip: missing && `${shell} is not installed`,
    }, async () => {
      const file = join(berth.home, `completion.${shell}`)
      writeFileSync(file, (await berth.run('completion', shell)).stdout)
      const { stdout, stderr } = spawnSync(shell, ['-c', tab(file, 'ssh')], { env, cwd: berth.home, encoding: 'utf8' })
      const offers = stdout
        .split('\n')
        .map((line) => line.split('\t')[0] ?? '')
        .filter((word) => word !== '' && !word.startsWith('-'))
      assert.deepEqual(offers, ['alpine-7'], stderr)
      assert.deepEqual(readdirSync(planted), [])
    })
  }

  it('would execute such names as words of compgen -W', () => {
    spawnSync('bash', ['-c', `compgen -W "$(cat '${names}')" -- x`], { env })
    assert.ok(existsSync(join(planted, 'substitution')))
    for (const name of readdirSync(planted)) rmSync(join(planted, name))
  })
})

describe('completion scripts', () => {
  for (const [shell, tab] of Object.entries(TAB)) {
    const missing = spawnSync(shell, ['--version']).error !== undefined
    it(`offer commands in ${shell}`, { skip: missing && `${shell} is not installed` }, async () => {
      const file = join(berth.home, `real.${shell}`)
      writeFileSync(file, (await berth.run('completion', shell)).stdout)
      const env = { ...berth.env, PATH: `${dirname(BERTH)}:${berth.env['PATH']}` }
      const { stdout, stderr } = spawnSync(shell, ['-c', tab(file, 'containers')], { env, encoding: 'utf8' })
      for (const command of ['ls', 'recycle', 'quarantine', 'return']) {
        assert.match(stdout, new RegExp(`^${command}\\b`, 'm'), stderr)
      }
      const read = spawnSync(shell, ['-n', file], { encoding: 'utf8' })
      assert.deepEqual({ status: read.status, stderr: read.stderr }, { status: 0, stderr: '' })
    })
  }

  it('exist for bash, zsh and fish', async () => {
    const { code, stderr } = await berth.run('completion', 'tcsh')
    assert.equal(code, 2)
    assert.match(stderr, /Allowed choices are bash, zsh, fish/)
  })
})
