/**
 * The README's examples, as copy and paste would run them, and its recording, which must look like what the commands
 * print.
 */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { testManager } from '../../lab/manager.ts'
import { openReader } from '../support/manager/reader.ts'
import { codeBlocks, readPage } from '../support/text/markdown.ts'

const readme = readPage('README.md')
const manager = await testManager('readme', { size: 3, top: { timezone: 'UTC' } })
const reader = await openReader(manager)
mkdirSync(join(reader.home, 'stand-ins'))

before(async () => {
  await manager.start()
  await manager.untilReady()
})

describe('the README', () => {
  const [session = '', classroom = '', ci = '', ansible = '', agent = '', ...more] = codeBlocks(readme, 'bash').map(
    ({ code }) => code,
  )

  it('shows what the commands print', async () => {
    const recording = codeBlocks(readme, 'console')[0]?.code ?? assert.fail('the README has no recording')
    const commands = [...recording.matchAll(/^\$ (.*)$/gm)].map(([, command = '']) => command)
    const script = commands.map((command) => `echo '$ ${command.replaceAll("'", "'\\''")}'\n${command}`).join('\n')
    assert.equal(shape(recording), shape((await reader.follow(script)).replaceAll(manager.pool, 'alpine')))
  })

  it('has a first session that works', async () => {
    const { body } = await manager.get<{ containers: { port: number }[] }>('/v1/containers')
    const port = body.containers[0]?.port
    // What a person does at the prompts: accept the new host key, type the password, run two commands and leave.
    program('askpass', 'echo test')
    const options = `-o StrictHostKeyChecking=accept-new -o UserKnownHostsFile=${reader.home}/known`
    program('ssh', `exec /usr/bin/ssh ${options} "$@" "whoami; sudo whoami"`)
    const stdout = await reader.follow(session.replaceAll('2221', String(port)), {
      PATH: `${reader.home}/stand-ins:${process.env['PATH']}`,
      SSH_ASKPASS: join(reader.home, 'stand-ins/askpass'),
      SSH_ASKPASS_REQUIRE: 'force',
    })
    assert.match(stdout, /"status":"success".*"containers":\[/)
    assert.match(stdout, /\nalice\nroot\n|\}alice\nroot\n/)
    assert.match(stdout, /"reserved":\["readme/)
    assert.match(stdout, /"time_remaining":"(59\.\d|60\.0) minutes remaining"/)
    assert.match(stdout, /"message":"All containers released"/)
  })

  it('has examples of its uses that work', async () => {
    assert.deepEqual(more, [])
    assert.match(await reader.follow(`${classroom}\ncat alice.txt`), /lab 7.*Released.*Reserved.*Password: /s)
    assert.match(await reader.follow(ci), /^docs\n(?:.*\n)*(readme-\S+ +\| \d.*\n){3}/m)
    assert.match(await reader.follow(ansible), /SUCCESS(?:.*\n)*.*CHANGED(?:.*\n)*Released/)
    assert.match(await reader.follow(agent), /"state":"active".*42\n.*Released/s)
  })
})

/** What differs from run to run is left out: times, ids, ports, keys and the padding of columns. */
function shape(output: string): string {
  return output
    .replaceAll(/SHA256:\S+/g, 'KEY')
    .replaceAll(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]{8}\b/g, 'ID')
    .replaceAll(/(\d{4}-\d\d-\d\d |\b[A-Z][a-z]{2} )?\b\d\d:\d\d\b/g, 'TIME')
    .replaceAll(/-p \d+/g, '-p PORT')
    .replaceAll(/ {2,}/g, '  ')
    .replaceAll(/ +$/gm, '')
}

function program(name: string, line: string): void {
  const file = join(reader.home, 'stand-ins', name)
  writeFileSync(file, `#!/bin/sh\n${line}\n`)
  chmodSync(file, 0o755)
}
