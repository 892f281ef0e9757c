/** The harness of tests in a browser makes a test fail for each kind of fault of its pages, and only then. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

const FAULTY = fileURLToPath(new URL('../fixtures/browser/faulty-pages.ts', import.meta.url))

/** Message of the failure of each test; null: the test passes. */
const OUTCOMES: Readonly<Record<string, RegExp | null>> = {
  sound: null,
  console: /console error: it is broken/,
  exception: /uncaught exception: Error: nothing catches it/,
  rejection: /uncaught exception: Error: nothing handles it/,
  policy: /policy violation: style-src-elem refuses inline/,
  foreign: /request to another origin: http:\/\/127\.0\.0\.2:9\//,
  socket: /WebSocket to another origin: ws:\/\/127\.0\.0\.2:9\//,
  shift: /layout shift: 0\.\d+, more than 0\.02, at last of .*height: 300px/,
  missing: /console error: Failed to load resource.* 404 .*\/nowhere/,
  'second person, second window': /console error: it is broken/,
  stuck: /the page does not respond: .*\/sound/,
  inaccessible: /critical image-alt: [\s\S]*critical label: /,
  announced: null,
  'announced, not seen': /expected and not seen: console error: it is broken/,
}

/** Runs the file, and returns the lines of each of its tests in the Test Anything Protocol. */
async function run(): Promise<Map<string, string>> {
  // With this variable, a nested run reports nothing.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const child = spawn(process.execPath, ['--test', '--test-reporter=tap', FAULTY], { env })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  await once(child, 'close')
  const parts = output.split(/^# Subtest: /m).slice(1)
  return new Map(parts.map((part): [string, string] => [part.slice(0, part.indexOf('\n')), part]))
}

describe('a test in a browser', async () => {
  const reports = await run()

  it('is among those below', () => assert.deepEqual([...reports.keys()], Object.keys(OUTCOMES)))

  for (const [name, says] of Object.entries(OUTCOMES)) {
    it(`${says ? 'fails' : 'passes'}: ${name}`, () => {
      const report = reports.get(name) ?? ''
      assert.match(report, says ? /^not ok /m : /^ok /m)
      if (says) assert.match(report, says)
      else assert.doesNotMatch(report, /^not ok /m)
    })
  }
})
