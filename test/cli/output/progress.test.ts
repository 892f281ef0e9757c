import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startProgress } from '../../../src/cli/output/progress.ts'

const ERASE = '\r\u001b[K'

function terminal() {
  const stream = new PassThrough()
  stream.setEncoding('utf8')
  const output = stream as unknown as NodeJS.WriteStream
  return { output, written: () => (stream.read() as string | null) ?? '' }
}

describe('progress on a terminal', () => {
  it('is not shown in the first second, then with the time that has passed, and is removed', async () => {
    const { output, written } = terminal()
    const progress = startProgress(output, true)
    progress.status('preparing')
    await sleep(700)
    assert.equal(written(), '')
    progress.status('waiting\u001b[31m')
    await sleep(700)
    const [nothing, ...drawn] = written().split(ERASE)
    assert.equal(nothing, '')
    assert.ok(drawn.length > 0)
    for (const line of drawn) assert.match(line, /^. waiting\S* \(1s\)$/)
    progress.stop()
    assert.equal(written(), ERASE)
  })

  it('leaves nothing behind when the command was quick', () => {
    const { output, written } = terminal()
    const progress = startProgress(output, true)
    progress.report('reserving')
    progress.stop()
    assert.equal(written(), '')
  })
})

describe('progress elsewhere', () => {
  it('is a line for each new report, at once', () => {
    const { output, written } = terminal()
    const progress = startProgress(output, false)
    for (const text of ['position 2', 'position 2', 'position 1']) progress.report(text)
    progress.status('preparing')
    progress.stop()
    assert.equal(written(), 'position 2\nposition 1\n')
  })
})
