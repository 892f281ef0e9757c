/** Folders of playbooks and of their temporary files, and what remains in those. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openAnsible, removeLeftovers } from '../../../src/accounts/ansible/playbook.ts'
import { eventually } from '../../../lab/eventually.ts'

const PLAYBOOKS = fileURLToPath(new URL('playbooks', import.meta.url))
const KILLED_MANAGER = fileURLToPath(new URL('killed-manager.ts', import.meta.url))

const folder = mkdtempSync(join(tmpdir(), 'berth-places-'))
after(() => rmSync(folder, { recursive: true }))

async function outcome(playbookDir: string, temporary: string): Promise<string | undefined> {
  process.env['TMPDIR'] = temporary
  const targets = [{ name: 'two', id: 'two' }]
  const ansible = openAnsible({
    playbookDir,
    env: process.env,
    clock: Date.now,
    outputDir: null,
    connectionOf: () => ({}),
  })
  const outcomes = await ansible.run({ targets, playbook: 'rescued.yml', timeoutMs: 60_000 })
  assert.deepEqual(readdirSync(temporary), [], 'no run leaves files behind')
  return outcomes.get('two')?.message
}

const ODD = [`it's "my lab" ü, {{ x }} [a]*? #1: &y %s`, '-~!@ {% raw', 'back\\slash {# 日']

for (const name of ODD) {
  test(`a playbook and temporary files in a folder named ${name}`, async () => {
    const [playbooks, temporary] = ['playbooks', 'tmp'].map((part) => join(folder, name, part))
    assert.ok(playbooks !== undefined && temporary !== undefined)
    cpSync(PLAYBOOKS, playbooks, { recursive: true })
    mkdirSync(temporary)
    assert.equal(await outcome(playbooks, temporary), 'task "In a loop" failed on two: second is wrong')
  })
}

test('a path in which Ansible would expand a variable is refused; as TMPDIR it is ignored', async () => {
  const odd = join(folder, 'for $HOME')
  cpSync(PLAYBOOKS, odd, { recursive: true })
  assert.match((await outcome(odd, mkdtempSync(join(folder, 'tmp-')))) ?? '', /for \$HOME\/rescued\.yml: Ansible would/)
  const temporary = join(folder, 'of $HOME')
  mkdirSync(temporary)
  assert.equal(await outcome(PLAYBOOKS, temporary), 'task "In a loop" failed on two: second is wrong')
})

const temporary = join(folder, 'killed')
const secrets = () =>
  readdirSync(temporary).flatMap((name) => {
    const file = join(temporary, name, 'variables.yml')
    return existsSync(file) ? [readFileSync(file, 'utf8')] : []
  })

async function killedManager(): Promise<void> {
  mkdirSync(temporary, { recursive: true })
  const manager = spawn(process.execPath, [KILLED_MANAGER], { env: { ...process.env, TMPDIR: temporary } })
  await eventually(async () => secrets().some((text) => text.includes('$6$secret')))
  manager.kill('SIGKILL')
  await once(manager, 'exit')
}

test('a manager that is killed leaves no secret behind: the run removes its files when it ends', async () => {
  await killedManager()
  assert.equal(secrets().length, 1, 'the run goes on, and needs them')
  await eventually(async () => readdirSync(temporary).length === 0)
})

test('what a run leaves that was killed with its manager is removed at the next start; a run under way keeps its files', async () => {
  await killedManager()
  process.env['TMPDIR'] = temporary
  const [directory = ''] = readdirSync(temporary).map((name) => join(temporary, name))
  const age = () => utimesSync(directory, new Date(0), new Date(0))
  age()
  await removeLeftovers(process.env, Date.now())
  assert.equal(secrets().length, 1, 'another manager that starts leaves it alone')
  await killRun(directory)
  assert.equal(secrets().length, 1, 'nobody is left to remove it')
  age()
  await removeLeftovers(process.env, Date.now())
  assert.deepEqual(readdirSync(temporary), [])
})

test('what a start found too young is removed before the next run', async () => {
  await killedManager()
  process.env['TMPDIR'] = temporary
  const [directory = ''] = readdirSync(temporary).map((name) => join(temporary, name))
  await killRun(directory)
  await removeLeftovers(process.env, Date.now())
  assert.equal(secrets().length, 1, 'a start leaves it, since it may belong to a run that has only begun')
  utimesSync(directory, new Date(0), new Date(0))
  const target = { id: 'none', name: 'none' }
  await openAnsible({
    playbookDir: temporary,
    env: process.env,
    clock: Date.now,
    outputDir: null,
    connectionOf: () => ({}),
  }).run({
    targets: [target],
    playbook: 'missing.yml',
    timeoutMs: 1_000,
  })
  assert.deepEqual(readdirSync(temporary), [])
})

/** Kills the processes of a run, and waits for their lock of its directory: they lose that after their environment. */
async function killRun(directory: string): Promise<void> {
  for (const pid of processesOf(directory)) process.kill(pid, 'SIGKILL')
  await eventually(async () => spawnSync('flock', ['--nonblock', directory, 'true']).status === 0)
}

/** Those of a run have its directory as TMPDIR. */
function processesOf(directory: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const isOne = (pid: string) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`TMPDIR=${directory}\0`)
    } catch {
      return false
    }
  }
  return pids.filter(isOne).map(Number)
}
