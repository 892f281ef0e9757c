/** The Ansible runner. Its playbooks run on this machine only, so no container is needed. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openAnsible, type PlaybookRun } from '../../../src/accounts/ansible/playbook.ts'
import { hasCode } from '../../../src/domain/errors.ts'
import type { Outcomes } from '../../../src/ports/accounts.ts'

const playbookDir = fileURLToPath(new URL('playbooks', import.meta.url))
const targets = ['one', 'two'].map((name) => ({ name, id: name }))

describe('the Ansible runner', () => {
  let temporary = ''
  let outputDir: string | null = null
  before(async () => {
    temporary = await mkdtemp(join(tmpdir(), 'berth-test-'))
    process.env.TMPDIR = temporary // for os.tmpdir(), so that other tests' files do not count
  })
  after(() => rm(temporary, { recursive: true }))

  const open = (env: NodeJS.ProcessEnv = {}) =>
    openAnsible({ playbookDir, env: { ...process.env, ...env }, clock: Date.now, outputDir, connectionOf: () => ({}) })
  const run = (playbook: string, more: Partial<PlaybookRun> = {}) =>
    open().run({ targets, playbook, timeoutMs: 60_000, ...more })

  test('a host that is left behind is not done', async () => {
    const outcomes = await run('left-behind.yml')
    assert.equal(reason(outcomes, 'one'), 'task "Only the first fails" failed on one: no space left')
    assert.equal(reason(outcomes, 'two'), 'the playbook ended before this container was done')
  })

  test('ignored and rescued failures do not count; in a loop, the failed item is reported', async () => {
    const outcomes = await run('rescued.yml')
    assert.equal(outcomes.get('one'), null)
    assert.equal(reason(outcomes, 'two'), 'task "In a loop" failed on two: second is wrong')
  })

  test('a failed command is reported with its code and the last line of its output', async () => {
    const outcomes = await run('commands.yml')
    assert.match(reason(outcomes, 'one'), /^task "On stdout" failed on one: non-zero return code 6: the disk is full$/)
    assert.equal(reason(outcomes, 'two'), 'task "On stderr" failed on two: non-zero return code 6: no such package')
  })

  test('a playbook for other hosts has not prepared the container', async () => {
    assert.match(reason(await run('nobody.yml'), 'one'), /no task for this container/)
  })

  test('a playbook that Ansible refuses fails for all, with the message of Ansible', async () => {
    const outcomes = await run('ill-formed.yml')
    for (const { name } of targets) assert.match(reason(outcomes, name), /^ERROR! couldn't resolve module/)
  })

  test('a missing playbook', async () => {
    assert.match(reason(await run('missing.yml'), 'one'), /no such file.*missing\.yml/)
  })

  test('variables are values, never templates', async () => {
    const text = `{{ 7 * 7 }} {% raw %} "'\\ \t\u007f\u2028 é 日 🔑 $(id)`
    const list = ["{{ lookup('pipe', 'id') }}"]
    const outcomes = await run('literal.yml', { variables: { text, list, flag: true } })
    assert.equal(reason(outcomes, 'one'), `task "Show the variables" failed on one: ${text}|${list[0]}|True`)
  })

  test('without Ansible, the message says what to do', async () => {
    const outcomes = await open({ PATH: temporary }).run({ targets, playbook: 'nobody.yml', timeoutMs: 1_000 })
    assert.match(reason(outcomes, 'two'), /just setup/)
  })

  test('past the deadline, every process of the run is ended', async () => {
    const seconds = `61.${process.pid}`
    const ansible = open()
    const running = ansible.run({ targets, playbook: 'slow.yml', variables: { seconds }, timeoutMs: 5_000 })
    await untilRunning(seconds, running)
    assert.match(reason(await running, 'one'), /was stopped: it did not end within 5 s/)
    assert.equal(await isRunning(seconds), false)
  })

  for (const { what, playbook, whole } of [
    { what: 'current runs', playbook: 'slow.yml', whole: 62 },
    { what: 'runs that ignore SIGTERM', playbook: 'stubborn.yml', whole: 63 },
  ]) {
    test(`closing ends ${what}`, async () => {
      const seconds = `${whole}.${process.pid}`
      const ansible = open()
      const running = ansible.run({ targets, playbook, variables: { seconds }, timeoutMs: 60_000 })
      await untilRunning(seconds, running)
      await ansible.close()
      for (const { name } of targets) assert.ok(hasCode((await running).get(name), 'cancelled'))
      assert.equal(await isRunning(seconds), false)
    })
  }

  test('the output of a failed run is kept for our user alone, without secrets, until a run works', async () => {
    outputDir = join(temporary, 'containers.db-ansible')
    const files = () => readdir(join(temporary, 'containers.db-ansible')).catch(() => [])
    const variables = { hash: '$6$salt$0123456789abcdef', fails: true }
    const outcomes = await run('secrets.yml', { variables })
    const file = join(outputDir, 'one.log')
    assert.equal(
      reason(outcomes, 'one'),
      `task "Fail" failed on one: non-zero return code 6: no such package. Ansible's output: ${file}`,
    )
    const text = await readFile(file, 'utf8')
    assert.match(text, /TASK \[Fail\] \(\S+secrets\.yml:\d+\)\nfailed: \[one\] => \{.*"stdout": "step 1/s)
    assert.match(text, /"censored": "the output has been hidden/)
    assert.match(text, /a hash is \[hidden\]/)
    for (const secret of ['0123456789abcdef', 'kept-from-logs', 'a-module-argument'])
      assert.ok(!text.includes(secret), secret)
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    assert.equal((await stat(outputDir)).mode & 0o777, 0o700)
    assert.deepEqual(await files(), ['one.log', 'two.log'])
    assert.match(reason(await run('ill-formed.yml'), 'two'), /couldn't resolve module.*two\.log$/s)
    assert.match(await readFile(join(outputDir, 'two.log'), 'utf8'), /The error appears to be in/)
    assert.equal((await run('secrets.yml', { variables: { ...variables, fails: false } })).get('one'), null)
    assert.deepEqual(await files(), [])
    await rm(outputDir, { recursive: true })
    outputDir = null
  })

  test('no run leaves files behind', async () => {
    assert.deepEqual(await readdir(temporary), [])
  })
})

function reason(outcomes: Outcomes, name: string): string {
  const error = outcomes.get(name)
  assert.ok(hasCode(error, 'guest_failed'), `${name}: ${error}`)
  return error.message
}

/** Waits until the playbook's `sleep` runs, or until the run has ended: on a slow machine, its deadline comes first. */
async function untilRunning(seconds: string, run: Promise<unknown>): Promise<void> {
  const end = new AbortController()
  void run.finally(() => end.abort())
  while (!end.signal.aborted && !(await isRunning(seconds))) await new Promise((resolve) => setTimeout(resolve, 50))
}

async function isRunning(argument: string): Promise<boolean> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
  return lines.some((line) => line.startsWith('sleep\0') && line.includes(argument))
}
