/**
 * docs/cli.md: its commands work as they stand, apart from the names of the containers; its exit codes are the
 * command's.
 */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { EXIT_CODES } from '../../src/cli/failures.ts'
import { testManager } from '../../lab/manager.ts'
import { testBerth } from '../support/manager/berth.ts'
import { openReader } from '../support/manager/reader.ts'
import { codeBlocks, readPage } from '../support/text/markdown.ts'

const text = readPage('docs/cli.md')
const blocks = codeBlocks(text, 'bash').map(({ code }) => code)
const manager = await testManager('clidocs', { size: 3 })
const reader = await openReader(manager)
const berth = testBerth()

before(async () => {
  await manager.start()
  await manager.untilReady()
})

describe('docs/cli.md', () => {
  it('has commands that work', async () => {
    const [
      first = '',
      several = '',
      named = '',
      files = '',
      config = '',
      run = '',
      variables = '',
      steps = '',
      ansible = '',
      programs = '',
      status = '',
      operators = '',
      ...more
    ] = blocks
    assert.deepEqual(more, [])
    assert.match(await reader.follow(first), /Reserved 2 containers for alice.*Linux clidocs-.*\(2h 30m\).*Released/s)
    assert.match(await reader.follow(several), /^account +anna\n.*\b1h 30m\b.*Released \w+ \S+\nReleased/ms)
    assert.match(
      await reader.follow(named),
      /^ID +NAME .*\n\w+ +web .*\nclidocs-\S+\n\S+ was reset\. Its new host key: SHA256:.*Released/ms,
    )
    assert.match(await reader.follow(files), /Reserved 1 container for dora.*Released/s)
    assert.match(await reader.follow(config), /^alice$/m)
    assert.match(await reader.follow(run), /^42\n(?:.*\n)*cli\.md\n(?:.*\n)*(clidocs-.*) \| \1$/m)
    assert.equal(await reader.follow(variables), 'true 6\n')
    assert.match(await reader.follow(steps), /step 1\n\w+ is kept until .*\nReleased/)
    const output = await reader.follow(ansible)
    assert.equal(output.match(/SUCCESS/g)?.length, 2, output)
    assert.match(output, /@pool_clidocs_.*Released/s)
    assert.match(await reader.follow(programs), /"reservations": \[\].*\n3\n\{"id":.*\nusername,.*\n/s)
    assert.match(
      await reader.follow(status),
      /^manager .*\nyou .*\npool .*3 of 3 ready\nclient +\d.*\nmanager +\d+\.\d+\.\d+ at /,
    )
    assert.match(await reader.follow(operators), /has 3 slots now.*-3 is removing.*No difference/s)
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
