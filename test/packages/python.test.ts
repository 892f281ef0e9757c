/** `clients/python/berth.py` with the machine's own Python: its unit tests, and the examples of its README. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { testManager } from '../../lab/manager.ts'
import { codeBlocks, readPage, ROOT } from '../support/text/markdown.ts'

const CLIENT = join(ROOT, 'clients/python')
const TIMEOUT_MS = 300_000

const memory = await testManager('python', { size: 4, top: { engine: 'memory' } })
const onDocker = await testManager('pythonssh', { size: 2 })
const home = mkdtempSync(join(tmpdir(), 'berth-python-'))
after(() => rmSync(home, { recursive: true }))

/** Runs Python with warnings as errors, so that a connection or a folder that was left open fails a test. */
async function python(url: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
  const { BERTH_TOKEN: _token, ...around } = process.env
  const env = { ...around, BERTH_URL: url, HOME: home, PYTHONPATH: CLIENT, PYTHONDONTWRITEBYTECODE: '1' }
  return promisify(execFile)('python3', ['-W', 'error', ...args], { cwd: CLIENT, env, timeout: TIMEOUT_MS })
}

before(async () => {
  await Promise.all([memory.start(), onDocker.start()])
  await Promise.all([memory.untilReady(), onDocker.untilReady()])
})

describe('berth.py', () => {
  it('passes its tests', async () => {
    const { stderr } = await python(memory.url, '-m', 'unittest', 'test_berth')
    assert.match(stderr, /^Ran \d\d tests in [\d.]+s\n\nOK\n$/m)
  })

  it('does what its README shows, with ssh in real containers', async () => {
    const examples = codeBlocks(readPage('clients/python/README.md'), 'python').map(({ code }) => code)
    assert.equal(examples.length, 3)
    const { stdout } = await python(onDocker.url, '-c', examples.join('\n'))
    const expected = ['42', '', 'True 0 6 notes', 'True 0 6 notes', 'ssh 2', 'reservation.active True', '']
    assert.equal(stdout, expected.join('\n'))
    assert.deepEqual((await onDocker.get('/v1/reservations?state=active')).body, { reservations: [], next: null })
  })

  it('refuses to log in to a container with another host key', async () => {
    const program = `
from berth import Berth
from dataclasses import replace
with Berth().reserve(count=2) as machine:
    first, second = machine.containers
    print(machine.run("hostname").returncode)
    key = first.known_hosts.split(" ", 1)[1]
    machine.containers[1] = replace(second, known_hosts=second.known_hosts.split(" ")[0] + " " + key)
    done = machine.run("hostname", container=1)
    print(done.returncode, "Host key verification failed" in done.stderr)
`
    await onDocker.untilReady()
    assert.equal((await python(onDocker.url, '-c', program)).stdout, '0\n255 True\n')
  })
})
