/**
 * `just test-playbook`: create-users.yml for real, on throw-away containers: create, log in, delete, log in refused.
 */
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { Shell } from '../../src/accounts/shell.ts'
import { surveyGuest } from '../../src/accounts/survey.ts'
import { createHashing } from '../../src/accounts/hashing/hashing.ts'
import { openAnsible } from '../../src/accounts/ansible/playbook.ts'
import type { Variables } from '../../src/accounts/ansible/files.ts'
import { passwordProblem, usernameProblem } from '../../src/domain/account.ts'
import { reasonOf } from '../../src/domain/errors.ts'
import { openDocker } from '../../src/engine/docker/engine.ts'
import { removeGuests, startGuests } from '../support/engine/guests.ts'
import { removeInstance } from '../../lab/instance.ts'
import { isRefused, loginAndRun } from '../support/ssh.ts'
import { type Arguments, parseArguments } from './arguments.ts'
import { mark } from '../../lab/database-mark.ts'

const surveyMs = 20_000
const playbookMs = 120_000

/** Ctrl-C ends the program behind the step that is under way, so that what it made is removed. */
const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => interrupted.abort(new Error('interrupted')))

/** Prints what a step does, and how long it took. */
async function step<T>(what: string, work: () => Promise<T>): Promise<T> {
  interrupted.signal.throwIfAborted()
  const start = performance.now()
  const ended = (how: string) => console.log(`${how} ${what} (${((performance.now() - start) / 1000).toFixed(1)} s)`)
  try {
    const result = await work()
    ended('ok    ')
    return result
  } catch (error) {
    ended('FAILED')
    throw error
  }
}

async function testPlaybook({ username, password, count }: Arguments): Promise<void> {
  const instance = `playbook-${process.pid}`
  const engine = openDocker({ database: mark(), instance, reaches: ['all'], dockerHost: process.env.DOCKER_HOST })
  const ansible = openAnsible({
    playbookDir: fileURLToPath(new URL('../../ansible', import.meta.url)),
    env: process.env,
    clock: Date.now,
    outputDir: null,
    connectionOf: (id) => engine.ansibleConnection(id),
  })

  const containers = count === 1 ? '1 container' : `${count} containers`
  try {
    const guests = await step(`start ${containers}`, async () => {
      const started = await startGuests(engine, { instance, pool: instance }, count)
      const surveys = await Promise.all(
        started.map((guest) => surveyGuest(new Shell(engine), guest, { timeoutMs: surveyMs, fresh: false })),
      )
      check('username', usernameProblem(username, surveys[0]?.names ?? []))
      return started
    })
    const run = async (variables: Variables) => {
      const outcomes = await ansible.run({
        targets: guests,
        playbook: 'create-users.yml',
        variables: { username, ...variables },
        timeoutMs: playbookMs,
      })
      for (const [name, error] of outcomes) if (error) throw new Error(`${name}: ${error.message}`)
    }
    const login = { username, password }
    interrupted.signal.addEventListener('abort', () => void ansible.close())

    const hash = await createHashing()(password)
    await step(`create ${username} with create-users.yml`, () => run({ state: 'present', password_hash: hash }))
    await step('log in over SSH', async () => {
      const sessions = guests.map(({ port }) => loginAndRun({ ...login, port }, 'whoami'))
      for (const { stdout } of await Promise.all(sessions)) assert.equal(stdout, username)
    })
    await step(`delete ${username} with create-users.yml`, () => run({ state: 'absent' }))
    await step('log in is refused', async () => {
      const refusals = await Promise.all(guests.map(({ port }) => isRefused({ ...login, port })))
      assert.ok(refusals.every(Boolean), `${username} could still log in`)
    })
  } finally {
    await ansible.close()
    await removeGuests(engine)
    await engine.close()
    await removeInstance(instance)
    console.log(`ok     remove ${containers}`)
  }
}

function check(what: string, problem: string | null): void {
  if (problem !== null) throw new Error(`${what} ${problem}`)
}

try {
  const wanted = parseArguments(process.argv.slice(2))
  check('username', usernameProblem(wanted.username, []))
  check('password', passwordProblem(wanted.password))
  await testPlaybook(wanted)
} catch (error) {
  console.error(reasonOf(error))
  process.exitCode = 1
}
