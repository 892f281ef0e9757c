import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LineReader } from '../../../../src/engine/docker/agent/line-reader.ts'

/** Returns a frame as Docker sends it. */
function frame(text: string, output = 1): Buffer {
  const header = Buffer.alloc(8)
  header[0] = output
  header.writeUInt32BE(Buffer.byteLength(text), 4)
  return Buffer.concat([header, Buffer.from(text)])
}

describe('the lines of a container', () => {
  it('are read from frames and chunks of any size', () => {
    const whole = Buffer.concat([frame('on'), frame('e\ntwo\n'), frame(''), frame('three'), frame('\n')])
    for (let size = 1; size <= whole.length; size += 1) {
      const reader = new LineReader()
      const lines: string[] = []
      for (let at = 0; at < whole.length; at += size) lines.push(...reader.read(whole.subarray(at, at + size)))
      assert.deepEqual(lines, ['one', 'two', 'three'], `${size}`)
    }
  })

  it('are those of stdout', () => {
    assert.deepEqual(new LineReader().read(Buffer.concat([frame('a\n', 2), frame('b\n')])), ['b'])
  })

  it('have at most 64 characters; a longer one is dropped, however it arrives, and the next one is read', () => {
    const reader = new LineReader()
    assert.deepEqual(reader.read(frame(`${'x'.repeat(64)}\n${'y'.repeat(65)}\nz\n`)), ['x'.repeat(64), 'z'])
    for (let n = 0; n < 10; n += 1) assert.deepEqual(reader.read(frame('x'.repeat(10_000))), [])
    assert.deepEqual(reader.read(frame('release\nnext\n')), ['next'])
  })
})
