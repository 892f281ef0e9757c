/** The README's first session, as copy and paste would run it, but for the ports: those of a pool of its own. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { testManager } from '../support/manager.ts'

const run = promisify(execFile)
const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
const manager = await testManager('readme', { size: 2 })

before(async () => {
  await manager.start()
  await manager.untilReady()
})

function firstSession(): string {
  const block = /## A first session\n+```bash\n([\s\S]*?)```/.exec(readme)?.[1]
  assert.ok(block, 'the README has a first session')
  return block
}

describe('the README', () => {
  it('has a first session that works', async () => {
    const { body } = await manager.get<{ containers: { port: number }[] }>('/v1/containers')
    const port = body.containers[0]?.port
    // What a person does at the prompts: accept the new host key, type the password, do something and leave.
    script('askpass', 'echo test')
    script(
      'ssh',
      `exec /usr/bin/ssh -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile=${manager.folder}/known "$@" "whoami; sudo whoami"`,
    )
    const session = firstSession()
      .replaceAll('http://localhost:8080', manager.url.replace('127.0.0.1', 'localhost'))
      .replaceAll('2221', String(port))
    const path = `${manager.folder}:${process.env['PATH']}`
    const env = {
      ...process.env,
      PATH: path,
      SSH_ASKPASS: join(manager.folder, 'askpass'),
      SSH_ASKPASS_REQUIRE: 'force',
    }
    const { stdout } = await run('bash', ['-euc', session], { env, timeout: 60_000 })
    assert.match(stdout, /"status":"success".*"containers":\[/)
    assert.match(stdout, /\nalice\nroot\n|\}alice\nroot\n/)
    assert.match(stdout, /"reserved":\["readme/)
    assert.match(stdout, /"time_remaining":"(59\.\d|60\.0) minutes remaining"/)
    assert.match(stdout, /"message":"All containers released"/)
    await manager.untilReady()
  })

  it('names every command of the Justfile', () => {
    const justfile = readFileSync(new URL('../../Justfile', import.meta.url), 'utf8')
    const recipes = [...justfile.matchAll(/^([a-z-]+)(?: \*args)?:(?!=)/gm)].map(([, name]) => name)
    assert.ok(recipes.length > 10)
    for (const recipe of recipes) {
      if (recipe !== 'default' && recipe !== 'fmt') assert.match(readme, new RegExp(`just ${recipe}\\b`), recipe)
    }
  })
})

function script(name: string, line: string): void {
  const file = join(manager.folder, name)
  writeFileSync(file, `#!/bin/sh\n${line}\n`)
  chmodSync(file, 0o755)
}
