/**
 * The examples of the guides and of the reference pages that are not tested elsewhere, as copy and paste would run
 * them.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { testManager } from '../../lab/manager.ts'
import { openReader } from '../support/manager/reader.ts'
import { buildPackages } from '../support/packages/bare-machine.ts'
import { codeBlocks, pages, readPage, ROOT } from '../support/text/markdown.ts'

/** Their examples are run by tests of their own, which also check what they print. */
const ELSEWHERE = ['README.md', 'docs/api.md', 'docs/cli.md', 'docs/sessions.md']
/** What the examples of a page print, in this order. */
const WITHOUT_TOKENS: Readonly<Record<string, RegExp>> = {
  'docs/box.md': /PRETTY_NAME=.*git version .* 64M .*\/home\/user \/bin\/bash C\.UTF-8\n/s,
  'docs/guides/agents.md': /^42\n(?:.*\n)*hello\n(?:.*\n)*Released/,
  'docs/guides/ansible.md': /SUCCESS.*@pool_.*CHANGED.*Released.*"ansible_service_mgr": "(?!systemd).*Released/s,
  'docs/guides/ci.md': /^Linux .*\nuser\n.* \| .*"outcome":"released"/s,
  'docs/guides/class.md': /Password: .*lab 7.*Until .*Released.*\nalice,/s,
  'docs/guides/images.md': /READY/,
  'docs/guides/network.md': /ssh -p \d+ dora@.*ssh -p \d+ dora@.*Released/s,
  'docs/guides/troubleshooting.md': /READY.*CONTAINER.*container\.ready.*No difference/s,
  'docs/guides/tunnel.md': /ssh -p \d+ erin@.*\n\S+-\d\nReleased.*\nerin\n\S+ \| SUCCESS.*Released/s,
  'docs/simple-api.md': /"status":"success".*"reserved":\[".*minutes remaining.*All containers released/s,
}
const WITH_TOKENS: Readonly<Record<string, RegExp>> = {
  'docs/guides/production.md': /admin.*"status":"ready"}\d+\n.*No difference.*Copied .* to /s,
  'docs/tokens.md': /you +bob.*\bbob\b.*berth_[0-9a-f]+_[0-9a-f]+\n$/s,
}

const open = await testManager('guides', { size: 3 })
const closed = await testManager('tokenguide', { size: 1, top: { auth: 'tokens' } })
const [reader, user] = [await openReader(open), await openReader(closed)]

before(async () => {
  await open.start()
  await closed.startWithToken()
})

// What a failed example has left reserved is not in the way of the next page.
afterEach(async () => void (await open.get('/release_all')))

function examplesOf(page: string): string {
  return codeBlocks(readPage(page), 'bash')
    .map(({ code }) => code)
    .join('\n')
}

describe('examples in docs/', () => {
  for (const [page, expected] of Object.entries(WITHOUT_TOKENS)) {
    it(`work: ${page}`, async () => {
      assert.match(await reader.follow(examplesOf(page)), expected)
    })
  }

  for (const [page, expected] of Object.entries(WITH_TOKENS)) {
    it(`work with tokens: ${page}`, async () => {
      assert.match(await user.follow(examplesOf(page), { BERTH_TOKEN: closed.token }), expected)
    })
  }

  it('work in TypeScript', async () => {
    const program = codeBlocks(readPage('docs/guides/agents.md'), 'ts')[0]?.code ?? assert.fail('no program')
    const folder = join(reader.home, 'program')
    mkdirSync(folder)
    const { client } = buildPackages(reader.home)
    await promisify(execFile)('npm', ['install', '--offline', '--prefix', folder, client])
    const lines = [program.replace('http://localhost:8080', open.url), 'console.log(reserved.state, reserved.count)']
    writeFileSync(join(folder, 'example.mts'), lines.join('\n'))
    await open.untilReady()
    const { stdout } = await promisify(execFile)(process.execPath, ['example.mts'], { cwd: folder })
    assert.equal(stdout, 'active 2\n')
  })

  it('work in Python', async () => {
    const [program = assert.fail('no program')] = codeBlocks(readPage('docs/guides/agents.md'), 'python')
    const env = { ...process.env, HOME: reader.home, BERTH_URL: open.url, PYTHONPATH: join(ROOT, 'clients/python') }
    await open.untilReady()
    const options = { env: { ...env, PYTHONDONTWRITEBYTECODE: '1' } }
    const { stdout } = await promisify(execFile)('python3', ['-c', program.code], options)
    assert.equal(stdout, 'Linux\nuser\n\n')
  })

  it('are all run', () => {
    const tested = [...ELSEWHERE, ...Object.keys(WITHOUT_TOKENS), ...Object.keys(WITH_TOKENS)].sort()
    assert.deepEqual(
      pages().filter((page) => codeBlocks(readPage(page), 'bash').length > 0),
      tested,
    )
  })
})
