/** How set-up runs its steps side by side (scripts/lib/parallel.sh), with steps of our own. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { eventually } from '../../lab/eventually.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'berth-steps-'))
after(() => rmSync(folder, { recursive: true }))

function start(steps: string, program: readonly [string, ...string[]] = ['bash']) {
  const script = `set -euo pipefail\nsource scripts/lib/step.sh\nsource scripts/lib/parallel.sh\n${steps}\nrun_steps`
  const env = { ...process.env, TMPDIR: folder, FOLDER: folder, TERM: 'xterm', SCRIPT: script }
  const [command, ...args] = program
  const child = spawn(command, [...args, ...(args.length > 0 ? [] : ['-c', script])], { cwd: ROOT, env })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text
    })
  }
  return { child, output, ended: once(child, 'close').then(([code]) => ({ code: code as number, ...output })) }
}

/** A step of 30 seconds, which leaves a file unless it is stopped. */
const SLOW = 'slow() { : >"$FOLDER/started"; sleep 30; : >"$FOLDER/survived"; did=done; }'

describe('the steps of set-up', () => {
  it('print a line each when they have ended, after the steps that they need', async () => {
    const { code, stdout, stderr } = await start(`
      first() { sleep 0.5; did='is there'; : >"$FOLDER/first"; }
      other() { did='needs nothing'; }
      last() { [[ -e $FOLDER/first ]]; did='came last'; }
      step first first
      step last last first other
      step other other`).ended
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    const time = String.raw` {2}\(\d+\.\d s\)\n`
    const lines = [`other {5}needs nothing${time}`, `first {5}is there${time}`, `last {6}came last${time}`]
    assert.match(stdout, new RegExp(`^${lines.join('')}$`))
  })

  it('run side by side', async () => {
    const { stdout } = await start(`
      meet() { : >"$FOLDER/$1"; until [[ -e $FOLDER/$2 ]]; do sleep 0.1; done; did=met; }
      one() { meet a b; }
      two() { meet b a; }
      step one one
      step two two`).ended
    assert.match(stdout, /^one +met/m)
    assert.match(stdout, /^two +met/m)
  })

  it('show the log of one that has failed without a word', async () => {
    const { code, stderr } = await start(`
      silent() { echo 'the log' >>"$STEP_LOG"; false; }
      step silent silent`).ended
    assert.equal(code, 1)
    assert.match(stderr, /^the log\nA command of it ended with exit code 1 and said nothing\.\nSet-up has failed at/)
  })

  it('end when one has failed, which is named with its reason', async () => {
    const { code, stdout, stderr } = await start(`
      ${SLOW}
      failing() { until [[ -e $FOLDER/started ]]; do sleep 0.1; done; quietly sh -c 'echo the reason; exit 3'; }
      later() { did=never; }
      step slow slow
      step failing failing
      step later later failing`).ended
    assert.deepEqual({ code, stdout }, { code: 1, stdout: '' })
    assert.match(
      stderr,
      /^the reason\nThis failed, with the output above: sh -c .*\nSet-up has failed at the step "failing";/,
    )
    assert.ok(!existsSync(join(folder, 'survived')))
    rmSync(join(folder, 'started'))
  })

  it('fail when a command in them fails', async () => {
    const { code, stderr } = await start('flawed() { false; did=never; }\nstep flawed flawed').ended
    assert.equal(code, 1)
    assert.match(stderr, /failed at the step "flawed"/)
  })

  it('end when set-up is interrupted, except for apt', async () => {
    const { child, output, ended } = start(`
      ${SLOW}
      install() { sleep 1; : >"$FOLDER/installed"; did=installed; }
      step slow slow
      apt_step install install`)
    await eventually(async () => existsSync(join(folder, 'started')))
    child.kill('SIGINT')
    const { code } = await ended
    assert.equal(code, 130)
    assert.match(output.stderr, /^Waiting for the step "install": apt must not be interrupted\.\n$/)
    assert.ok(existsSync(join(folder, 'installed')))
    assert.ok(!existsSync(join(folder, 'survived')))
  })

  it('leave no files of their own', () => {
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('tmp.')),
      [],
    )
  })

  it('show on a terminal how long each has been running, and the last line of what it runs', async () => {
    const steps = `
      busy() { quietly sh -c 'printf "Unpacking\\\\033[31m one\\n"; sleep 2'; did=done; }
      step busy busy`
    const { stdout } = await start(steps, ['script', '-qec', 'bash -c "$SCRIPT"', '/dev/null']).ended
    assert.match(stdout, /busy {8}1 s {2}Unpacking \[31m one\r\n/)
    const [last = ''] = stdout.split('\u001b[1A\u001b[J').toReversed()
    assert.match(last, /^busy {6}done {2}\(2\.\d s\)\r\n$/)
  })
})
